import { mkdir, rm } from 'node:fs/promises'
import { join } from 'pathe'
import type { Bundle } from '../artifact/index.ts'
import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, StkError, type Report } from '../diagnostics/index.ts'
import type { OpenedLifecycle } from '../lifecycle/open.ts'
import { selectProjects } from '../lifecycle/select.ts'
import { createDevProject, type DevProject } from './dev-project.ts'
import { startEmbeddedDatabases, type EmbeddedDatabases } from './embedded-databases.ts'
import { devEnvironment } from './environment.ts'
import { openFront } from './front.ts'
import { hclLoader } from './load-hcl.ts'
import { loadSchemaAndSeed } from './load-schema.ts'
import { startLocalIssuer, type LocalIssuer } from './local-issuer.ts'
import { watchFiles } from './watch.ts'

export interface DevServerOptions {
  /** Loads the config afresh. What its lifecycle reports goes to `report`. */
  open(report: Report): Promise<OpenedLifecycle>
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
  const cleanups: Cleanups = []
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    const session = await openSession(options, cleanups)
    await reload(session, projectsOf(session))
    const watch = await watchFiles(watchedPaths(session), async (files) => {
      const config = files.some((file) => isConfig(file, session))
      // A new layer, or a project that moved.
      if (config && (await reloadConfig(session, options))) watch.add(watchedPaths(session))
      await reload(session, projectsOf(session).filter((project) => config || files.some((file) => file.startsWith(`${project.root}/`))))
    })
    cleanups.push(() => watch.close())
    const projects = projectsOf(session).map(async (project) => {
      const dev = session.served.get(project.name)
      return { name: project.name, url: dev?.url ?? '', token: await developerToken(session.issuer, project, dev?.bundle()) }
    })
    return { projects: await Promise.all(projects), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Cleanups = (() => Promise<void>)[]

/** What stays from one save to the next. */
interface Session {
  /** Opened afresh when the config changes. */
  lifecycle: OpenedLifecycle
  readonly names: readonly string[]
  readonly databases: EmbeddedDatabases
  readonly issuer: LocalIssuer
  readonly served: ReadonlyMap<string, DevProject>
  readonly report: Report
  /** Errors that a phase has shown where they happened. */
  readonly shown: WeakSet<StkError>
}

async function openSession(options: DevServerOptions, cleanups: Cleanups): Promise<Session> {
  const shown = new WeakSet<StkError>()
  const report: Report = (event) => {
    if (event.type === 'phase:failed') shown.add(event.error)
    options.report(event)
  }
  const lifecycle = await options.open(report)
  const names = selectProjects(lifecycle.config, options.projects).map((project) => project.name)
  const { root } = lifecycle.config
  const folder = join(root, '.santokit/dev')
  await mkdir(folder, { recursive: true })
  const env = await devEnvironment(root, options.env)
  const projects = lifecycle.config.projects.filter((project) => names.includes(project.name))
  const note = (message: string): void => report({ type: 'note', level: 'info', message })
  const databases = await startEmbeddedDatabases({ projects, root, dataDir: folder, env, fresh: options.fresh, report: note })
  cleanups.push(() => databases.stop())
  const issuer = await startLocalIssuer()
  cleanups.push(() => issuer.close())

  const bundles = join(folder, `served-${process.pid}`)
  cleanups.push(() => rm(bundles, { recursive: true, force: true }))
  const served = new Map<string, DevProject>()
  for (const [index, name] of names.entries()) {
    const front = await openFront(options.port === 0 ? 0 : options.port + index)
    const project = createDevProject({ name, front, folder: bundles, env: { ...env, ...databases.settings(name), STK_DEV_ISSUER: issuer.url } })
    cleanups.push(() => project.close())
    served.set(name, project)
  }
  const session: Session = { lifecycle, names, databases, issuer, served, report, shown }
  cleanups.push(() => session.lifecycle.dispose())
  return session
}

function projectsOf({ lifecycle, names }: Session): readonly ResolvedProject[] {
  return lifecycle.config.projects.filter((project) => names.includes(project.name))
}

function watchedPaths(session: Session): readonly string[] {
  return [...session.lifecycle.config.sources, ...projectsOf(session).map((project) => project.root)]
}

function isConfig(file: string, session: Session): boolean {
  return session.lifecycle.config.sources.includes(file) || projectsOf(session).some((project) => file.startsWith(join(project.root, 'config/')))
}

/** Loads the config again. One that does not load leaves the last good one. @returns whether it loaded. */
async function reloadConfig(session: Session, options: DevServerOptions): Promise<boolean> {
  return surviving(session, 'config', async () => {
    const last = session.lifecycle
    session.lifecycle = await options.open(session.report)
    await last.dispose()
  })
}

async function reload(session: Session, projects: readonly ResolvedProject[]): Promise<void> {
  for (const project of projects) {
    await surviving(session, project.name, async () => {
      await loadDatabases(session, project)
      const dev = session.served.get(project.name)
      if (await dev?.reload(project, session.lifecycle)) session.report({ type: 'served', project: project.name, url: dev?.url ?? '' })
    })
  }
}

async function loadDatabases({ databases, lifecycle, report }: Session, project: ResolvedProject): Promise<void> {
  const done = await loadSchemaAndSeed({
    project, databases: databases.databases(project.name), root: lifecycle.config.root, openHcl: hclLoader(lifecycle),
  })
  for (const { alias, action } of done) {
    if (action === 'loaded' || action === 'reloaded') {
      report({ type: 'note', level: 'info', project: project.name, message: `${action} schema and seed of ${alias}` })
    }
  }
}

/** A failure while serving is shown and survived: the next save may mend it. @returns whether it went well. */
async function surviving({ report, shown }: Session, project: string, work: () => Promise<void>): Promise<boolean> {
  const began = performance.now()
  try {
    await work()
    return true
  } catch (thrown) {
    const error = isStkError(thrown) ? thrown : new StkError('STK9001', { why: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown })
    if (!shown.has(error)) report({ type: 'phase:failed', phase: 'bundle', project, ms: performance.now() - began, error })
    return false
  }
}

/** A token that opens every logic of the project: it carries each role that an access list names. */
async function developerToken(issuer: LocalIssuer, project: ResolvedProject, bundle: Bundle | undefined): Promise<string> {
  const audience = project.auth.issuers[0]?.audience[0]
  if (audience === undefined) return ''
  const accesses = Object.values(bundle?.manifest.logic ?? {}).map((entry) => entry.access)
  const roles = [...new Set(accesses.flatMap((access) => (typeof access === 'string' ? [] : access)))].sort()
  return issuer.mint({ sub: 'developer', roles, audience, expiresIn: '12h' })
}
