import { mkdir, rm } from 'node:fs/promises'
import { join } from 'pathe'
import type { ResolvedProject } from '../config/resolved.ts'
import type { Report, StkError } from '../diagnostics/index.ts'
import type { OpenedLifecycle } from '../lifecycle/open.ts'
import { selectProjects } from '../lifecycle/select.ts'
import { startEmbeddedDatabases, type EmbeddedDatabases } from './embedded-databases.ts'
import { devEnvironment } from './environment.ts'
import { startLocalIssuer, type LocalIssuer } from './local-issuer.ts'
import { startCluster, type Cluster } from './postgres/cluster.ts'
import { serveProject, type Served } from './served-project.ts'

export interface SessionOptions {
  /** Loads the config afresh. What its lifecycle reports goes to `report`. */
  open(report: Report): Promise<OpenedLifecycle>
  /** Projects to serve; all if empty. */
  readonly projects: readonly string[]
  /** The first project's port; each further one takes the next. */
  readonly port: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly report: Report
  /** Throws away what embedded databases hold. */
  readonly fresh: boolean
  /**
   * Has types checked in the background, where the repository can.
   *
   * @default true
   */
  readonly types?: boolean
  /** Puts `[secret]` in the place of values that must not be seen. */
  readonly redact: (text: string) => string
}

/** What stays from one save to the next. */
export interface Session {
  readonly options: SessionOptions
  readonly report: Report
  /** Errors that a phase has shown where they happened. */
  readonly shown: WeakSet<StkError>
  readonly issuer: LocalIssuer
  /** Opened afresh when the config changes. */
  lifecycle: OpenedLifecycle
  /** This process's environment over `.env`. Read afresh with the config. */
  env: Readonly<Record<string, string | undefined>>
  /** The one Postgres of this process: started once something needs it, and kept to the end. */
  readonly cluster: () => Promise<Cluster>
  databases: { readonly running: EmbeddedDatabases; readonly key: string }
  /** By project name. */
  readonly served: Map<string, Served>
}

/** What has to be undone at the end, the last first. */
export type Cleanups = (() => Promise<void>)[]

/** Opens everything but the Bridges. @param cleanups is filled on the way, so that a failure leaves nothing behind. */
export async function openSession(options: SessionOptions, cleanups: Cleanups): Promise<Session> {
  const shown = new WeakSet<StkError>()
  const report: Report = (event) => {
    if (event.type === 'phase:failed') shown.add(event.error)
    options.report(event)
  }
  const issuer = await startLocalIssuer()
  cleanups.push(() => issuer.close())
  const lifecycle = await options.open(report)
  const { root } = lifecycle.config
  const postgres = onceStarted(() => startCluster({ root, dataDir: folderOf(root), report: (message) => report({ type: 'note', level: 'info', message }) }))
  const session: Session = { options, report, shown, issuer, lifecycle, env: {}, cluster: postgres.start, databases: NO_DATABASES, served: new Map() }
  cleanups.push(() => session.lifecycle.dispose())
  cleanups.push(postgres.stop, () => session.databases.running.stop())
  cleanups.push(() => rm(bundlesOf(root), { recursive: true, force: true }))
  cleanups.push(async () => { for (const { project } of session.served.values()) await project.close() })
  await mkdir(folderOf(root), { recursive: true })
  session.env = await devEnvironment(root, options.env)
  session.databases = await openDatabases(session, options.fresh)
  await matchServed(session)
  return session
}

const NO_DATABASES: Session['databases'] = { running: { settings: () => ({}), databases: () => [], stop: () => Promise.resolve() }, key: '' }

/** The projects that are served, in the config's order. */
export function projectsOf({ lifecycle, options }: Pick<Session, 'lifecycle' | 'options'>): readonly ResolvedProject[] {
  return selectProjects(lifecycle.config, options.projects)
}

/** Reads the config and `.env` again, and opens what they ask for. A failure leaves what was. @returns whether Bridges have to be started anew although their bundles are the same. */
export async function reopenSession(session: Session): Promise<boolean> {
  const { options, report } = session
  const lifecycle = await options.open(report)
  const env = await devEnvironment(lifecycle.config.root, options.env)
  try {
    projectsOf({ lifecycle, options })
    const isSame = databasesKey({ options, lifecycle, env }) === session.databases.key
    // What was is not stopped: the last good Bridge works on it until the next one answers, and that may take more than one save.
    if (!isSame) session.databases = await openDatabases({ ...session, lifecycle, env }, false)
    const isSameEnv = JSON.stringify(env) === JSON.stringify(session.env)
    const last = session.lifecycle
    Object.assign(session, { lifecycle, env })
    await last.dispose()
    await matchServed(session)
    return !isSame || !isSameEnv
  } catch (error) {
    if (session.lifecycle !== lifecycle) await lifecycle.dispose()
    throw error
  }
}

/** Opens addresses for projects that have none yet, and closes those of projects that are gone. */
async function matchServed(session: Session): Promise<void> {
  const { options, served, lifecycle } = session
  const names = projectsOf(session).map(({ name }) => name)
  for (const [name, { project }] of served) {
    if (names.includes(name)) continue
    served.delete(name)
    await project.close()
  }
  for (const name of names) {
    if (served.has(name)) continue
    const port = options.port === 0 ? 0 : options.port + served.size
    served.set(name, await serveProject({ name, port, session, folder: bundlesOf(lifecycle.config.root) }))
  }
}

/** Starts a cluster when it is first asked for; a start that failed is tried again. */
function onceStarted(start: () => Promise<Cluster>): { readonly start: () => Promise<Cluster>; readonly stop: () => Promise<void> } {
  let started: Promise<Cluster> | undefined
  return {
    start: () => {
      started ??= start().catch((error: unknown) => {
        started = undefined
        throw error
      })
      return started
    },
    stop: async () => { await (await started)?.stop() },
  }
}

type World = Pick<Session, 'options' | 'report' | 'lifecycle' | 'env' | 'cluster'>

async function openDatabases(world: World, fresh: boolean): Promise<Session['databases']> {
  const { report, lifecycle: { config: { root } }, env } = world
  const note = (message: string): void => report({ type: 'note', level: 'info', message })
  const running = await startEmbeddedDatabases({ projects: projectsOf(world), root, dataDir: folderOf(root), env, cluster: world.cluster, fresh, report: note })
  return { running, key: databasesKey(world) }
}

/** Two configs with the same key need the same databases. */
function databasesKey(world: Pick<World, 'options' | 'lifecycle' | 'env'>): string {
  return JSON.stringify(projectsOf(world).map(({ name, databases }) => [name, Object.entries(databases).map(([alias, { driver, url }]) =>
    [alias, driver, typeof url === 'string' ? '' : [url.secret, Boolean(world.env[url.secret] ?? world.env[`${url.secret}_FILE`])]])]))
}

function folderOf(root: string): string {
  return join(root, '.santokit/dev')
}

/** Bundles that are being served, a folder for each process. */
function bundlesOf(root: string): string {
  return join(folderOf(root), `served-${process.pid}`)
}
