import { join } from 'node:path'
import { StkError, throwAll, type ErrorCode } from '../diagnostics/index.ts'
import { displayPath, filesBelow } from './walk.ts'

/** A file that is callable, found below `logic/`. */
export interface LogicFile {
  /** What it is called by: `orders/list`. */
  readonly path: string
  readonly kind: 'sql' | 'module'
  /** Absolute. */
  readonly file: string
  /** Below the project root, with `/`: `logic/orders/list.sql`. */
  readonly source: string
  /** Its name, or a folder's above it, begins with `_`. */
  readonly private: boolean
  /** The absolute path of the `name.yaml` that holds a SQL file's front matter. */
  readonly twin?: string
}

/**
 * Finds the logic below `<projectRoot>/logic`, sorted by path in code-unit order. A project without that folder has none.
 *
 * @param repositoryRoot what messages name files relative to.
 * @throws StkError STK2001, STK2005 or STK2009: all that were found, together.
 */
export async function scanLogic(projectRoot: string, repositoryRoot: string): Promise<readonly LogicFile[]> {
  const problems: StkError[] = []
  const files = await filesBelow(projectRoot, FOLDER, { repositoryRoot, problems })
  const place: Place = {
    absolute: (file) => join(projectRoot, FOLDER, file),
    shown: (file) => displayPath(repositoryRoot, join(projectRoot, FOLDER, file)),
  }
  const candidates = files.map(readName).filter((name) => name !== undefined)
  const callable = candidates.filter(({ extension }) => EXTENSIONS.has(extension))
  problems.push(...badNames(candidates, place), ...clashes(callable, place), ...twinProblems(candidates, place))
  throwAll(problems)

  const yaml = candidates.filter(({ extension }) => extension === 'yaml')
  const twins = new Map(yaml.map(({ stem, file }) => [stem, place.absolute(file)]))
  return callable.map(({ file, stem, extension }) => {
    const kind = extension === 'sql' ? 'sql' : 'module'
    const twin = kind === 'sql' ? twins.get(stem) : undefined
    return {
      path: stem,
      kind,
      file: place.absolute(file),
      source: `${FOLDER}/${file}`,
      private: stem.split('/').some((segment) => segment.startsWith('_')),
      ...(twin === undefined ? {} : { twin }),
    } as const
  }).sort((a, b) => (a.path < b.path ? -1 : 1))
}

const FOLDER = 'logic'
const EXTENSIONS: ReadonlySet<string> = new Set(['sql', 'ts', 'js', 'mjs'])
/** Written by mistake for one of the above; passing over them in silence would lose a logic. */
const NEAR_MISSES: ReadonlyMap<string, string> = new Map([
  ['mts', 'ts'], ['cts', 'ts'], ['tsx', 'ts'], ['jsx', 'js'], ['cjs', 'js'], ['yml', 'yaml'],
])
const SEGMENT = /^_?[a-z0-9][a-zA-Z0-9_-]*$/

interface Place {
  absolute(file: string): string
  shown(file: string): string
}

interface Candidate {
  /** Below `logic/`. */
  readonly file: string
  /** Without the extension. */
  readonly stem: string
  readonly extension: string
}

/** Splits a file's name, or gives `undefined` for tests, type declarations and files of no concern. */
function readName(file: string): Candidate | undefined {
  const match = /^(.*)\.([^./]+)$/.exec(file)
  if (match === null) return undefined
  const [, stem = '', extension = ''] = match
  const lower = extension.toLowerCase()
  const known = EXTENSIONS.has(lower) || lower === 'yaml' || NEAR_MISSES.has(lower)
  return known && !/\.(?:test|spec|d)$/.test(stem) ? { file, stem, extension } : undefined
}

function badNames(candidates: readonly Candidate[], place: Place): readonly StkError[] {
  const problems = new Map<string, StkError>()
  const refuse = (path: string, why: string, fix: string): void => {
    problems.set(path, at('STK2009', place.shown(path), why, fix))
  }
  for (const { file, stem, extension } of candidates) {
    const lower = extension.toLowerCase()
    const meant = NEAR_MISSES.get(lower) ?? lower
    if (meant !== extension) refuse(file, `Santokit does not read *.${extension} files here.`, `Rename it to end in .${meant}.`)
    const segments = stem.split('/')
    if (segments.length === 1) {
      refuse(file, 'A logic stands in a namespace: `logic/<namespace>/<name>`.', 'Move it into a folder, such as `logic/app/`.')
    }
    const bad = segments.findIndex((segment) => !SEGMENT.test(segment))
    if (bad === -1) continue
    const path = bad === segments.length - 1 ? file : segments.slice(0, bad + 1).join('/')
    const why = `"${segments[bad]}" cannot be part of a logic's path.`
    refuse(path, why, 'Begin with a lower-case letter or a digit (after `_`, if it is private), then letters, digits, `-` and `_`.')
  }
  return [...problems.values()]
}

/** Paths that are one path, or would be one where the file system does not tell upper from lower case. */
function clashes(callable: readonly Candidate[], place: Place): readonly StkError[] {
  const files = callable.map(({ stem, file }) => [stem.toLowerCase(), file] as const)
  const folders = callable.flatMap(({ stem }) => {
    const segments = stem.split('/').slice(0, -1)
    return segments.map((_, index) => segments.slice(0, index + 1).join('/'))
  })
  const spellings = [...new Set(folders)].map((folder) => [`${folder.toLowerCase()}/`, folder] as const)
  const groups = new Map<string, string[]>()
  for (const [key, file] of [...files, ...spellings]) groups.set(key, [...(groups.get(key) ?? []), file])
  return [...groups.entries()].filter(([, group]) => group.length > 1).map(([key, group]) => {
    const names = group.map((file) => place.shown(file))
    const where = key.endsWith('/') || byCaseOnly(group) ? ' on macOS and Windows' : ''
    const what = `${key.endsWith('/') ? 'one folder' : `one logic, "${key}"`}${where}`
    return at('STK2005', names[0] ?? '', `${names.join(' and ')} are ${what}.`, 'Rename or remove all but one.')
  })
}

function byCaseOnly(files: readonly string[]): boolean {
  return new Set(files.map((file) => file.replace(/\.[^.]+$/, ''))).size > 1
}

function twinProblems(candidates: readonly Candidate[], place: Place): readonly StkError[] {
  const sql = new Set(candidates.filter(({ extension }) => extension === 'sql').map(({ stem }) => stem))
  return candidates.filter(({ extension, stem }) => extension === 'yaml' && !sql.has(stem)).map(({ file, stem }) => {
    const why = `It is front matter for ${place.shown(`${stem}.sql`)}, which does not exist.`
    return at('STK2001', place.shown(file), why, 'Rename it like its SQL file, or move it out of `logic/`.')
  })
}

function at(code: ErrorCode, file: string, why: string, fix: string): StkError {
  return new StkError(code, { why, fix, where: { file } })
}
