import { join } from 'pathe'
import type { ResolvedProject } from '../config/resolved.ts'
import { checkServed } from './check-served.ts'
import { checkTypes } from './check-types.ts'
import { audiencesOf, rolesOf } from './explorer/state.ts'
import { freshenClientTypes } from './fresh-client-types.ts'
import { reloadProject, showFailure, type ReloadCause } from './reload.ts'
import { announceServer } from './running-servers.ts'
import { mintFor } from './served-project.ts'
import { openSession, projectsOf, reopenSession, type Cleanups, type Session, type SessionOptions } from './session.ts'
import { watchFiles } from './watch.ts'

export type DevServerOptions = SessionOptions

/** Every project served, until it is closed. */
export interface DevServer {
  /** Each with a token for 12 hours that opens all of its logic; an empty one if it asks for none. */
  projects(): Promise<readonly { readonly name: string; readonly url: string; readonly token: string }[]>
  /** Reads the config and `.env` again, and builds and serves every project afresh. Tokens stay good. */
  restart(): Promise<void>
  close(): Promise<void>
}

/**
 * Serves projects from their sources: embedded databases where no URL is given, a local issuer, an explorer, and a new Bridge at
 * every save. A save that does not build leaves the last good Bridge serving.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const cleanups: Cleanups = []
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    const session = await openSession(options, cleanups)
    const inTurn = createQueue()
    cleanups.push(() => inTurn(async () => {}))
    /** In turn, so that no schema is loaded meanwhile, and not waited for: what was saved is served already. */
    const check = (): void => void inTurn(() => checkServed(session))
    await reloadAll(session, { files: [], force: false })
    check()
    let announced = await announce(session)
    cleanups.push(() => announced())
    const again = async (cause: ReloadCause): Promise<void> => {
      const force = await reopen(session, cause)
      if (force === undefined) return
      watch.add(watchedPaths(session))
      await reloadAll(session, { ...cause, force: force || cause.force })
      check()
      announced = await announce(session)
    }
    /** What logic imports from elsewhere may be new. */
    const watchAnew = (): void => {
      watch.add(watchedPaths(session))
      watch.lookOut([...session.served.values()].flatMap(({ missing }) => [...missing]))
    }
    const watch = await watchFiles({
      paths: watchedPaths(session), optional: join(session.lifecycle.config.root, '.env'), root: session.lifecycle.config.root,
      changed: (files, began) => inTurn(async () => {
        const cause = { files, force: false, began }
        if (files.some((file) => isConfig(file, session))) await again(cause)
        else {
          await reloadAll(session, cause, ({ name, root }) => files.some((file) => file.startsWith(`${root}/`) || session.served.get(name)?.outside.has(file)))
          check()
        }
        watchAnew()
      }),
    })
    watchAnew()
    cleanups.push(async () => {
      await watch.close()
      await inTurn(async () => {})
    })
    const types = options.types === false ? undefined : checkTypes(session)
    cleanups.push(async () => types?.close())
    return {
      projects: () => Promise.all(projectsOf(session).map(async ({ name }) => ({
        name, url: session.served.get(name)?.project.url ?? '', token: await developerToken(session, name),
      }))),
      restart: () => inTurn(async () => {
        await again({ files: [], force: true })
        watchAnew()
      }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function reloadAll(session: Session, cause: ReloadCause, concerns: (project: ResolvedProject) => boolean = () => true): Promise<void> {
  for (const project of projectsOf(session)) if (concerns(project)) await reloadProject(session, project, cause)
  await freshenClientTypes(session)
}

/** Reads the config again. One that does not load leaves the last good one. @returns as `reopenSession`; `undefined` if it did not load. */
async function reopen(session: Session, { began = performance.now() }: ReloadCause): Promise<boolean | undefined> {
  try {
    return await reopenSession(session)
  } catch (error) {
    showFailure(session, 'config', error, began)
    session.report({ type: 'note', level: 'warn', message: 'the last good config stays in use' })
    return undefined
  }
}

function announce(session: Session): Promise<() => Promise<void>> {
  const projects = [...session.served.values()].map(({ project: { name, url } }) => ({ name, url }))
  return announceServer(session.lifecycle.config.root, { pid: process.pid, projects })
}

function watchedPaths(session: Session): readonly string[] {
  const { config } = session.lifecycle
  return [...config.sources, ...projectsOf(session).map((project) => project.root), ...[...session.served.values()].flatMap(({ outside }) => [...outside])]
}

function isConfig(file: string, session: Session): boolean {
  const { config } = session.lifecycle
  return config.sources.includes(file) || file === join(config.root, '.env') || projectsOf(session).some((project) => file.startsWith(join(project.root, 'config/')))
}

/** A token that opens every logic of the project: it carries each role that an access list names. */
async function developerToken(session: Session, name: string): Promise<string> {
  const project = projectsOf(session).find((candidate) => candidate.name === name)
  if (project === undefined || audiencesOf(project).length === 0) return ''
  const roles = rolesOf(session.served.get(name)?.project.bundle()?.manifest)
  return mintFor(name, session, { sub: 'developer', roles, expiresIn: '12h' })
}

/** Runs pieces of work one after the other, in the order they come in. */
function createQueue(): (work: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}
