import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Digest } from '@santokit/bridge/manifest'
import { dirname, join } from 'pathe'
import type { Bundle } from '../artifact/index.ts'
import type { ResolvedProject } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import type { DevelopmentBuild, LifecycleContext } from '../lifecycle/context.ts'
import { buildProject } from '../lifecycle/build.ts'
import type { Front } from './front.ts'
import type { Step } from './reload-record.ts'

/** One project in development: the last good Bridge, and the way to the next. */
export interface DevProject {
  readonly name: string
  readonly url: string
  /** What is being served, if anything has been built yet. */
  bundle(): Bundle | undefined
  /**
   * Builds the project and replaces its Bridge. If that fails, the last good one keeps serving.
   *
   * @returns whether the Bridge was replaced.
   * @throws StkError whatever is wrong with the sources, or STK5002 if the new Bridge does not start.
   */
  reload(project: ResolvedProject, ctx: LifecycleContext, options: ReloadOptions): Promise<boolean>
  close(): Promise<void>
}

export interface ReloadOptions {
  /** What the Bridge finds in its environment: secrets by name, and the local issuer. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Replaces the Bridge although its bundle is the same: its environment is not. */
  readonly force: boolean
  readonly development: DevelopmentBuild
  /** Is told how long each step took. */
  readonly timed: <T>(step: Step['name'], work: () => Promise<T>) => Promise<T>
}

interface Running {
  readonly bundle: Bundle
  readonly folder: string
  readonly close: () => Promise<void>
}

export interface DevProjectOptions {
  readonly name: string
  readonly front: Front
  /** Where the bundles that are being served are unpacked. Absolute. */
  readonly folder: string
  /** Takes the Bridge's log. */
  readonly log: (line: string) => void
}

export function createDevProject({ name, front, folder, log }: DevProjectOptions): DevProject {
  let running: Running | undefined
  let generation = 0
  /** Bridges that finish their last calls. */
  const retiring = new Set<Promise<void>>()
  return {
    name,
    url: front.url,
    bundle: () => running?.bundle,
    async reload(project, ctx, { env, force, development, timed }) {
      const built = await timed('bundle', () => buildProject(project, { ...ctx, development }, []))
      if (!force && built.bundle.digest === running?.bundle.digest) return false
      // A folder of its own each time: modules are cached by their path.
      const place = join(folder, name, String(++generation))
      await timed('write', () => unpack(built.bundle, place))
      const next = await timed('start', () => startBridge(place, { env, log, digest: built.bundle.digest }))
      front.pointTo(next.url)
      const last = running
      running = { bundle: built.bundle, folder: place, close: next.close }
      // Calls that it still runs are not waited for.
      if (last !== undefined) {
        const gone = retire(last).finally(() => retiring.delete(gone))
        retiring.add(gone)
      }
      return true
    },
    async close() {
      await front.close()
      if (running !== undefined) await retire(running)
      await Promise.all(retiring)
    },
  }
}

/** Writes what a Bridge reads. */
async function unpack({ files }: Bundle, place: string): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(join(place, path))))
  await Promise.all([...folders].map((folder) => mkdir(folder, { recursive: true })))
  await Promise.all(files.map(({ path, bytes }) => writeFile(join(place, path), bytes)))
}

async function startBridge(
  place: string, { env, log, digest }: Pick<ReloadOptions, 'env'> & Pick<DevProjectOptions, 'log'> & { readonly digest: Digest },
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const bridge = await import('@santokit/bridge/node')
  try {
    return await bridge.startBridge({
      // What is shown of its log is decided by who reads it.
      env: { ...env, BUNDLE_PATH: place, PORT: '0', HOST: '127.0.0.1', STK_DEV: '1', LOG_LEVEL: env.LOG_LEVEL === 'debug' ? 'debug' : 'info' },
      log,
    })
  } catch (error) {
    throw new StkError('STK5002', { why: `The Bridge of ${digest} did not start: ${error instanceof Error ? error.message : String(error)}`, cause: error })
  }
}

async function retire(running: Running): Promise<void> {
  await running.close()
  await rm(running.folder, { recursive: true, force: true })
}
