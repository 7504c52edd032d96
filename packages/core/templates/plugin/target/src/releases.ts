import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { StkError, type Artifact, type ArtifactFile, type Digest, type Manifest, type Release, type TargetContext } from '@santokit/core'
import type { ExampleSettings } from './options.ts'
import { Platform } from './platform.ts'

export type Context = TargetContext<ExampleSettings>

/** A release as it is stored: what core knows of it, and what it is made of. */
export interface Stored extends Release {
  readonly contents: { readonly [path: string]: Digest }
}

/**
 * The releases of one project, target and environment. Nothing else is ever read or written.
 *
 * Each is a record with a number of its own that is created once and never changed; the highest one is live. So there is no
 * pointer that could disagree, and two runs cannot both win.
 */
export class Releases {
  readonly #platform: Platform
  readonly #records: string

  constructor(private readonly ctx: Context) {
    this.#platform = new Platform(resolve(ctx.root, ctx.options.to, ctx.project.name))
    this.#records = `${ctx.target.name}/${ctx.environment}`
  }

  /** Newest first. */
  async list(): Promise<readonly Stored[]> {
    const names = (await this.#platform.list(this.#records)).filter((name) => /^\d{6}\.json$/.test(name)).sort().reverse()
    const found = await Promise.all(names.map((name) => this.#readJson(`${this.#records}/${name}`)))
    return found.flatMap((record) => (record === undefined ? [] : [record as Stored]))
  }

  async live(): Promise<Stored | undefined> {
    return (await this.list())[0]
  }

  /** Those files of a package whose content is not stored yet. */
  async missing(pkg: Artifact): Promise<readonly ArtifactFile[]> {
    const found = await Promise.all(pkg.files.map((file) => this.#isStored(pkg.digest, file.path, file.digest)))
    return pkg.files.filter((_, index) => found[index] === false)
  }

  async upload(digest: Digest, file: ArtifactFile): Promise<void> {
    await this.#platform.write(keyOf(digest, file.path), file.bytes)
  }

  /** What a release was made of, as `stk plan` compares it; core checks it. `null` where it is no longer there. */
  async manifest({ digest }: Release): Promise<Manifest | null> {
    return await this.#readJson(keyOf(digest, 'manifest.json')) as Manifest | undefined ?? null
  }

  /** The first file of a release that is gone or damaged, if any. */
  async findFault({ digest, contents }: Stored): Promise<string | undefined> {
    for (const [path, expected] of Object.entries(contents)) {
      if (!(await this.#isStored(digest, path, expected))) return path
    }
    return undefined
  }

  /** Makes content that is stored live, behind `live`: the only moment at which anything changes. */
  async commit(release: Pick<Stored, 'digest' | 'contents' | 'restores' | 'revision'>, live: Stored | undefined): Promise<Stored> {
    const { project, target, environment } = this.ctx
    const number = live === undefined ? 1 : Number.parseInt(live.id, 10) + 1
    const name = String(number).padStart(6, '0')
    const record: Stored = {
      id: `${name}-${release.digest.slice('sha256:'.length).slice(0, 12)}`,
      project: project.name,
      target: target.name,
      environment,
      at: this.ctx.now().toISOString(),
      ...(live === undefined ? {} : { previous: live.id }),
      ...Object.fromEntries(Object.entries(release).filter(([, value]) => value !== undefined)) as typeof release,
    }
    this.ctx.signal.throwIfAborted()
    if (!(await this.#platform.create(`${this.#records}/${name}.json`, `${JSON.stringify(record, undefined, 2)}\n`))) {
      throw hasMoved(await this.live(), live)
    }
    return record
  }

  async #readJson(key: string): Promise<unknown> {
    const bytes = await this.#platform.read(key)
    if (bytes === undefined) return undefined
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as unknown
    } catch {
      throw new StkError('STK4008', { why: `${key} is not JSON any more.`, fix: 'Restore it from a copy.' })
    }
  }

  async #isStored(digest: Digest, path: string, expected: Digest): Promise<boolean> {
    const bytes = await this.#platform.read(keyOf(digest, path))
    return bytes !== undefined && `sha256:${createHash('sha256').update(bytes).digest('hex')}` === expected
  }
}

/** What a person is told whose plan is older than what is live. */
export function hasMoved(now: Release | undefined, planned: Release | undefined | null): StkError {
  return new StkError('STK4003', {
    why: `${now?.id ?? 'Nothing'} is live now, and this was planned when ${planned?.id ?? 'nothing'} was. Nothing was changed.`,
    fix: 'stk releases shows what happened; then run it again to plan from there.',
  })
}

function keyOf(digest: Digest, path: string): string {
  return `content/${digest.slice('sha256:'.length)}/${path}`
}
