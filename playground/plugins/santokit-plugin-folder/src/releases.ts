import { createHash, randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StkError, type Digest, type Manifest, type Release, type TargetContext } from '@santokit/core'
import type { FolderSettings } from './options.ts'

export type Context = TargetContext<FolderSettings>

/** A release as its folder remembers it, in `release.json`. */
export interface Stored extends Release {
  readonly contents: { readonly [path: string]: Digest }
}

const RECORD = 'release.json'

/**
 * The releases of one environment:
 *
 *     <to>/<environment>/releases/000001/   release.json, manifest.json, bundle/
 *     <to>/<environment>/releases/000002/
 *     <to>/<environment>/current            a link to the highest one
 *
 * A release is made ready beside the others and takes its number by one rename, which fails if the number is taken. So a
 * folder with a number is whole, and of two runs one wins. The link follows.
 */
export class Releases {
  readonly #place: string

  constructor(private readonly ctx: Context) {
    this.#place = resolve(ctx.root, ctx.options.to, ctx.environment)
  }

  /** What a server's Bridge starts from. Absolute. */
  get manifestPath(): string {
    return join(this.#place, 'current', 'manifest.json')
  }

  /** Newest first. */
  async list(): Promise<readonly Stored[]> {
    const numbers = (await this.#names()).toReversed()
    return Promise.all(numbers.map((number) => this.#read(number)))
  }

  async live(): Promise<Stored | undefined> {
    const number = (await this.#names()).at(-1)
    return number === undefined ? undefined : this.#read(number)
  }

  /** The id that the link names. */
  async current(): Promise<string | undefined> {
    const named = await readlink(join(this.#place, 'current')).catch(unlessMissing)
    return named?.split('/').at(-1)
  }

  /** What a release was made of, as `stk plan` compares it; core checks it. `null` where it is no longer there. */
  async manifest({ id, digest }: Release): Promise<Manifest | null> {
    const isOurs = (await this.list()).some((stored) => stored.id === id && stored.digest === digest)
    const file = join(this.#folderOf(id), 'manifest.json')
    const text = isOurs ? await readFile(file, 'utf8').catch(unlessMissing) : undefined
    if (text === undefined) return null
    const found = parse<Manifest>(text)
    if (found === undefined) throw new StkError('STK4008', { why: `${file} is not JSON any more.`, fix: 'Restore it from a copy.' })
    return found
  }

  /** The first file of a release that is gone or damaged, if any. */
  async findFault({ id, contents }: Stored): Promise<string | undefined> {
    for (const [path, digest] of Object.entries(contents)) {
      const bytes = await readFile(join(this.#folderOf(id), path)).catch(unlessMissing)
      if (bytes === undefined || digestOf(bytes) !== digest) return path
    }
    return undefined
  }

  /** Copies the files of a release of this or another environment, for {@link commit}. */
  async copy(from: Stored, fill: string): Promise<void> {
    for (const path of Object.keys(from.contents)) await cp(join(this.#folderOf(from.id), path), join(fill, path), { recursive: true })
  }

  /**
   * Makes a release of what `fill` writes, behind `live`.
   *
   * @throws StkError STK4003 if another release took its number.
   */
  async commit(
    what: Pick<Stored, 'digest' | 'contents' | 'revision' | 'restores'>,
    live: Stored | undefined,
    fill: (folder: string) => Promise<void>,
  ): Promise<Stored> {
    const { project, target, environment, signal } = this.ctx
    const record: Stored = {
      id: String(Number(live?.id ?? 0) + 1).padStart(6, '0'),
      project: project.name,
      target: target.name,
      environment,
      at: this.ctx.now().toISOString(),
      details: { MANIFEST_PATH: this.manifestPath },
      ...(live === undefined ? {} : { previous: live.id }),
      ...Object.fromEntries(Object.entries(what).filter(([, value]) => value !== undefined)) as typeof what,
    }
    await mkdir(join(this.#place, 'releases'), { recursive: true })
    const stage = await mkdtemp(join(this.#place, '.draft-'))
    try {
      await fill(stage)
      await writeFile(join(stage, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
      signal.throwIfAborted()
      await rename(stage, this.#folderOf(record.id))
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
      throw hasMoved(await this.live(), live)
    } finally {
      await rm(stage, { recursive: true, force: true })
    }
    await this.settle()
    return record
  }

  /** Makes the link name the newest release, and lets go of old files. Run again it finishes, or changes nothing. */
  async settle(): Promise<void> {
    for (;;) {
      const newest = (await this.#names()).at(-1)
      if (newest === undefined || (await this.current()) === newest) break
      const draft = join(this.#place, `.current-${randomUUID()}`)
      await symlink(join('releases', newest), draft)
      // A rename, since a link that is removed first is missing for a moment. Whoever was slower looks again.
      await rename(draft, join(this.#place, 'current'))
    }
    const old = (await this.#names()).slice(0, -this.ctx.options.keep)
    for (const number of old) {
      const items = await readdir(this.#folderOf(number))
      await Promise.all(items.filter((item) => item !== RECORD).map((item) => rm(join(this.#folderOf(number), item), { recursive: true, force: true })))
    }
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(join(this.#place, 'releases')).catch(unlessMissing) ?? []
    return names.filter((name) => /^\d{6}$/.test(name)).sort()
  }

  async #read(number: string): Promise<Stored> {
    const file = join(this.#folderOf(number), RECORD)
    const record = parse<Stored>(await readFile(file, 'utf8'))
    if (record?.id !== number) throw new StkError('STK4008', { why: `${file} is not the record of a release.`, fix: 'Restore it from a copy.' })
    const { project, target } = this.ctx
    if (record.project === project.name && record.target === target.name) return record
    throw new StkError('STK4007', {
      why: `${dirname(this.#place)} holds the releases of ${record.project} → ${record.target}, and two targets cannot share a folder.`,
      fix: 'Give each target a folder of its own.',
    })
  }

  #folderOf(id: string): string {
    return join(this.#place, 'releases', id)
  }
}

/** What a person is told whose plan is older than what is live. */
export function hasMoved(now: Release | undefined, planned: Release | undefined | null): StkError {
  return new StkError('STK4003', {
    why: `${now?.id ?? 'Nothing'} is live now, and this was planned when ${planned?.id ?? 'nothing'} was. Nothing was changed.`,
    fix: 'stk releases shows what happened; then run it again to plan from there.',
  })
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
