import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'pathe'
import { StkError } from '../../diagnostics/index.ts'
import { PLUGIN_KINDS, pluginNames, type PluginKind } from './names.ts'
import { pluginFiles } from './package-files.ts'

export interface PluginRequest {
  /** Where the command runs. Absolute. */
  readonly cwd: string
  /** Relative to `cwd`. @default a folder of the package's name, or `cwd` where no name is given */
  readonly folder?: string
  /** The package's. @default the folder's name */
  readonly name?: string
  /** @default 'target' */
  readonly kind?: string
}

export interface WrittenPlugin {
  readonly name: string
  readonly kind: PluginKind
  /** Absolute. */
  readonly folder: string
  /** Relative to the folder, sorted. */
  readonly files: readonly string[]
}

/**
 * Writes a package of a plugin that works, with its tests: to be filled with a platform, and published.
 *
 * Everything is written beside the folder first and then moved, so that a failure leaves nothing behind.
 *
 * @throws StkError STK1020 for a bad name or kind, or a folder that is not empty; then nothing is written.
 */
export async function writePlugin({ cwd, folder, name, kind = 'target' }: PluginRequest): Promise<WrittenPlugin> {
  if (!isKind(kind)) throw new StkError('STK1020', { why: `There is no kind of plugin "${kind}".`, fix: `stk init --plugin --kind ${PLUGIN_KINDS.join('|')}` })
  const wanted = folder ?? (name === undefined ? '.' : basename(name))
  const place = resolve(cwd, wanted)
  const names = pluginNames(name ?? basename(place), kind)
  const standing = await contentsOf(place)
  const files = await pluginFiles(names, kind)
  await stageAndMove(place, standing !== undefined, files)
  return { name: names.package, kind, folder: place, files: [...files.keys()].sort() }
}

function isKind(kind: string): kind is PluginKind {
  return (PLUGIN_KINDS as readonly string[]).includes(kind)
}

/**
 * @returns `undefined` for a folder that is not there.
 * @throws StkError STK1020 unless it is empty but for its git folder.
 */
async function contentsOf(place: string): Promise<readonly string[] | undefined> {
  const found = await stat(place).catch(() => undefined)
  if (found === undefined) return undefined
  const refuse = (why: string): StkError => new StkError('STK1020', { why: `${place} ${why}, and stk init overwrites nothing.`, fix: 'Name a folder that is not there yet: stk init --plugin DIR' })
  if (!found.isDirectory()) throw refuse('is a file')
  const standing = (await readdir(place)).filter((item) => item !== '.git').sort()
  if (standing.length > 0) throw refuse(`is not empty (${standing.slice(0, 3).join(', ')}${standing.length > 3 ? ', …' : ''})`)
  return standing
}

async function stageAndMove(place: string, isThere: boolean, files: ReadonlyMap<string, string>): Promise<void> {
  const stage = await makeStage(isThere ? place : dirname(place))
  try {
    const whole = join(stage, 'package')
    for (const [path, text] of files) {
      await mkdir(dirname(join(whole, path)), { recursive: true })
      await writeFile(join(whole, path), text)
    }
    if (isThere) await moveInto(place, whole)
    else await rename(whole, place)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** A folder on the same file system as where its content goes, so that moving is all or nothing. */
async function makeStage(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true })
    return await mkdtemp(join(parent, '.santokit-init-'))
  } catch (cause) {
    throw new StkError('STK2020', { why: `Nothing can be written to ${parent}: ${(cause as Error).message}.`, fix: 'Name another folder: stk init --plugin DIR', cause })
  }
}

async function moveInto(place: string, whole: string): Promise<void> {
  const moved: string[] = []
  try {
    for (const item of await readdir(whole)) {
      await rename(join(whole, item), join(place, item))
      moved.push(item)
    }
  } catch (error) {
    for (const item of moved) await rm(join(place, item), { recursive: true, force: true })
    throw error
  }
}
