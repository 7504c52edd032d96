import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Document, Node } from 'yaml'
import { nearest, positionAt, StkError, throwAll, type SourceLocation } from '../diagnostics/index.ts'
import { secret, SECRET_NAME } from '../secrets/secret-ref.ts'
import { displayPath, isFolder } from './find.ts'
import { lostInMerging, type Layer } from './layers.ts'
import type { ConfigPath } from './path.ts'

/** What may stand beside a project, by file name: each is the project's setting of that name. */
const SETTINGS = ['databases', 'auth', 'permissions', 'storage'] as const
const FILE_NAME = /^(.+)\.ya?ml$/

/** Offsets into the text: from, and up to. */
type Range = readonly [number, number]

/** The YAML files of one project. */
export interface YamlFiles {
  readonly layers: readonly Layer[]
  /** Absolute. */
  readonly sources: readonly string[]
}

/**
 * Reads `config/{databases,auth,permissions}.yaml` of a project. `${NAME}` as a whole value is `secret('NAME')`.
 *
 * @param folder the project's folder. Absolute.
 * @param root the repository root.
 * @throws StkError STK1012, one for each fault.
 */
export async function readYaml(project: string, folder: string, root: string): Promise<YamlFiles> {
  const config = join(folder, 'config')
  const names = isFolder(config) ? readdirSync(config).filter((name) => FILE_NAME.test(name)).toSorted() : []
  throwAll(names.flatMap((name) => misplaced(name, names, displayPath(root, join(config, name)))))
  const known = names.filter((name) => settingOf(name) !== undefined)
  const layers: Layer[] = []
  for (const name of known) layers.push(...(await readLayer(project, join(config, name), settingOf(name) ?? '', root)))
  return { layers, sources: known.map((name) => join(config, name)) }
}

function settingOf(name: string): string | undefined {
  return SETTINGS.find((setting) => setting === FILE_NAME.exec(name)?.[1])
}

function misplaced(name: string, names: readonly string[], file: string): readonly StkError[] {
  const [, base = ''] = FILE_NAME.exec(name) ?? []
  const refuse = (why: string, fix: string): readonly StkError[] => [new StkError('STK1012', { why, fix, where: { file } })]
  if (base === 'storage') return refuse(`${file} declares storage, which is not available in this version.`, 'Remove the file.')
  if (settingOf(name) !== undefined) {
    const twin = `${base}.yml`
    if (!name.endsWith('.yaml') || !names.includes(twin)) return []
    return refuse(`${file} stands beside ${twin}, and both say the same setting.`, 'Keep one of them.')
  }
  const near = nearest(base, SETTINGS)
  if (near === undefined) return []
  return refuse(`${file} is not read: there is no such setting. Did you mean "${near}.yaml"?`, `Rename it to ${near}.yaml.`)
}

async function readLayer(project: string, path: string, setting: string, root: string): Promise<readonly Layer[]> {
  const { isAlias, isMap, isScalar, isSeq, parseDocument, visit } = await import('yaml')
  const file = displayPath(root, path)
  const text = readFileSync(path, 'utf8')
  const document = parseDocument(text, { prettyErrors: false })
  const placeOf = ([from, to]: Range): SourceLocation => ({ file, text, ...positionAt(text, from), length: lengthOn(text, from, to) })
  const refuse = (why: string, range: Range, fix: string): StkError => new StkError('STK1012', { why: `${file}: ${why}`, fix, where: placeOf(range) })

  const errors = document.errors.map(({ message, pos }) => refuse(`${message}.`.replace(/\.\.$/, '.'), pos, syntaxFix(text, pos[0])))
  visit(document, {
    Scalar(position, node) {
      if (position === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const name = /^\$\{([^{}]*)\}$/.exec(node.value)?.[1]
      if (name !== undefined && SECRET_NAME.test(name)) node.value = secret(name)
      else errors.push(badReference(name, (why, fix) => refuse(why, rangeOf(node), fix)))
    },
  })
  throwAll(errors)
  const value = toValue(document, refuse)
  if (value === null || value === undefined) return []

  const prefix = ['projects', project, setting]
  const locate = (at: ConfigPath): SourceLocation | undefined => {
    if (!prefix.every((part, index) => at[index] === part)) return undefined
    const range = find(document.contents, at.slice(prefix.length))
    return range === undefined ? { file } : placeOf(range)
  }
  /** The range of a path's key, or of the item in a list. */
  const find = (node: unknown, [part, ...rest]: ConfigPath): Range | undefined => {
    const target = isAlias(node) ? node.resolve(document) : node
    if (part === undefined) return isNode(target) ? rangeOf(target) : undefined
    if (isSeq(target)) return find(target.items[Number(part)], rest)
    if (!isMap<Node, Node>(target)) return undefined
    const pair = target.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
    return pair === undefined || rest.length > 0 ? find(pair?.value, rest) : rangeOf(pair.key)
  }
  const layer: Layer = { owner: file, value: { projects: { [project]: { [setting]: value } } }, locate }
  throwAll(lostInMerging(layer))
  return [layer]
}

function badReference(name: string | undefined, refuse: (why: string, fix: string) => StkError): StkError {
  if (name === undefined) return refuse('a reference must be the whole value.', 'Keep the whole value in one secret and write only ${NAME}.')
  return refuse(`"${name}" is not a secret's name.`, 'A name is upper-case letters, digits and "_", such as ${DATABASE_URL}.')
}

/** `*` begins an alias, and it is how a permission for everything begins, too. */
function syntaxFix(text: string, offset: number): string {
  const line = text.split(/\r\n|\n|\r/)[positionAt(text, offset).line - 1] ?? ''
  return /^\s*\*/.test(line) ? 'Put quotes around a name that begins with "*".' : 'Correct the YAML at the marked place.'
}

/** Refuses what parsing alone does not: aliases that multiply beyond measure. */
function toValue(document: Document.Parsed, refuse: (why: string, range: Range, fix: string) => StkError): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw refuse(`${error instanceof Error ? error.message : String(error)}.`, [0, 0], 'Write it with fewer aliases.')
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value
}

function rangeOf(node: Node): Range {
  return [node.range?.[0] ?? 0, node.range?.[1] ?? 0]
}

/** How much of a range lies on its first line. */
function lengthOn(text: string, from: number, to: number): number {
  return Math.max(1, (text.slice(from, to).split(/[\r\n]/)[0] ?? '').length)
}
