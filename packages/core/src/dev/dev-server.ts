import { mkdir, rm } from 'node:fs/promises'
import { join } from 'pathe'
import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, StkError, type Report } from '../diagnostics/index.ts'
import type { OpenedLifecycle } from '../lifecycle/open.ts'
import { selectProjects } from '../lifecycle/select.ts'
import { createDevProject, type DevProject } from './dev-project.ts'
import { startEmbeddedDatabases, type EmbeddedDatabases } from './embedded-databases.ts'
import { devEnvironment } from './environment.ts'
import { openFront } from './front.ts'
import { loadSchemaAndSeed } from './load-schema.ts'
import { startLocalIssuer, type LocalIssuer } from './local-issuer.ts'
import { watchFiles } from './watch.ts'

export interface DevServerOptions {
  /** Loads the config afresh. */
  open(): Promise<OpenedLifecycle>
  /** Projects to serve; all if empty. */
  readonly projects: readonly string[]
  /** The first project's port; each further one takes the next. */
  readonly port: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly report: Report
  readonly signal: AbortSignal
  /** Throws away what embedded databases hold. */
  readonly fresh: boolean
}

/** Every project served, until it is closed. */
export interface DevServer {
  readonly projects: readonly { readonly name: string; readonly url: string; readonly token: string }[]
  close(): Promise<void>
}

/**
 * Serves projects from their sources: embedded databases where no URL is given, a local issuer, and a new Bridge at every
 * save. A save that does not build leaves the last good Bridge serving.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const cleanups: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    let lifecycle = await options.open()
    cleanups.push(() => lifecycle.dispose())
    const names = selectProjects(lifecycle.config, options.projects).map((project) => project.name)
    const current = (): readonly ResolvedProject[] => lifecycle.config.projects.filter((project) => names.includes(project.name))
    const { root } = lifecycle.config
    const folder = join(root, '.santokit/dev')
    await mkdir(folder, { recursive: true })
    const env = await devEnvironment(root, options.env)
    const note = (message: string): void => options.report({ type: 'note', level: 'info', message })
    const databases = await startEmbeddedDatabases({ projects: current(), root, dataDir: folder, env, fresh: options.fresh, report: note })
    cleanups.push(() => databases.stop())
    const issuer = await startLocalIssuer()
    cleanups.push(() => issuer.close())

    const served = join(folder, `served-${process.pid}`)
    cleanups.push(() => rm(served, { recursive: true, force: true }))
    const projects = new Map<string, DevProject>()
    for (const [index, name] of names.entries()) {
      const front = await openFront(options.port === 0 ? 0 : options.port + index)
      const bridgeEnv = { ...env, ...databases.settings(name), STK_DEV_ISSUER: issuer.url }
      const project = createDevProject({ name, front, folder: served, env: bridgeEnv })
      cleanups.push(() => project.close())
      projects.set(name, project)
    }

    const reload = async (project: ResolvedProject): Promise<void> => {
      await loadDatabases(project, databases, root, note)
      const dev = projects.get(project.name)
      if (await dev?.reload(project, lifecycle)) options.report({ type: 'served', project: project.name, url: dev?.url ?? '' })
    }
    for (const project of current()) await surviving(options.report, project.name, () => reload(project))

    const changed = async (files: readonly string[]): Promise<void> => {
      if (files.some((file) => isConfig(file, lifecycle))) {
        await surviving(options.report, undefined, async () => {
          const next = await options.open()
          await lifecycle.dispose()
          lifecycle = next
          // A new layer, or a project that moved.
          watch.add(watched())
        })
      }
      for (const project of current()) {
        const concerned = files.some((file) => file.startsWith(project.root) || isConfig(file, lifecycle))
        if (concerned) await surviving(options.report, project.name, () => reload(project))
      }
    }
    const watched = (): readonly string[] => [...lifecycle.config.sources, ...current().map((project) => project.root)]
    const watch = await watchFiles(watched(), changed)
    cleanups.push(() => watch.close())
    const list = names.map(async (name) => ({
      name, url: projects.get(name)?.url ?? '', token: await developerToken(issuer, current().find((project) => project.name === name), projects.get(name)),
    }))
    return { projects: await Promise.all(list), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function loadDatabases(project: ResolvedProject, databases: EmbeddedDatabases, root: string, note: (message: string) => void): Promise<void> {
  const done = await loadSchemaAndSeed({ project, databases: databases.databases(project.name), root })
  for (const { alias, action } of done) {
    if (action === 'loaded' || action === 'reloaded') note(`${project.name}: ${action} schema and seed of ${alias}`)
  }
}

function isConfig(file: string, { config }: OpenedLifecycle): boolean {
  return config.sources.includes(file) || config.projects.some((project) => file.startsWith(join(project.root, 'config/')))
}

/** A failure while serving is shown and survived: the next save may mend it. */
async function surviving(report: Report, project: string | undefined, work: () => Promise<void>): Promise<void> {
  const began = performance.now()
  try {
    await work()
  } catch (thrown) {
    const error = isStkError(thrown) ? thrown : new StkError('STK9001', { why: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown })
    // The bundle phase has reported its own.
    if (error.code.startsWith('STK2') && project !== undefined) return
    report({ type: 'phase:failed', phase: 'bundle', project: project ?? 'config', ms: performance.now() - began, error })
  }
}

/** A token that opens every logic of the project: it carries each role that an access list names. */
async function developerToken(issuer: LocalIssuer, project: ResolvedProject | undefined, dev: DevProject | undefined): Promise<string> {
  const audience = project?.auth.issuers[0]?.audience[0]
  if (audience === undefined) return ''
  const accesses = Object.values(dev?.bundle()?.manifest.logic ?? {}).map((entry) => entry.access)
  const roles = [...new Set(accesses.flatMap((access) => (typeof access === 'string' ? [] : access)))].sort()
  return issuer.mint({ sub: 'developer', roles, audience, expiresIn: '12h' })
}
