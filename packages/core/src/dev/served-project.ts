import { VERSION } from '../version.ts'
import { createBridgeLog, type BridgeLog } from './bridge-log.ts'
import { createDevProject, type DevProject } from './dev-project.ts'
import { describeErrors } from './explorer/describe-error.ts'
import { createExplorer } from './explorer/handler.ts'
import { audiencesOf, describeArtifacts, describeLogic, describePlugins, rolesOf, type ExplorerState } from './explorer/state.ts'
import { openFront } from './front.ts'
import type { TokenClaims } from './local-issuer.ts'
import type { Reload } from './reload-record.ts'
import type { Session } from './session.ts'
import { createStatementCheck, type StatementCheck } from './statement-check.ts'

/** One project that is served, with what is remembered of it. */
export interface Served {
  readonly project: DevProject
  readonly log: BridgeLog
  /** The latest first. */
  readonly reloads: Reload[]
  readonly statements: StatementCheck
  /** Files outside the project's folder that its logic imports. Absolute. */
  outside: ReadonlySet<string>
  /** Files outside the project's folder that an import may mean in vain. Absolute. */
  missing: ReadonlySet<string>
  /** Called after each reload. */
  readonly listeners: Set<() => void>
}

export interface ServeOptions {
  readonly name: string
  readonly port: number
  readonly folder: string
  readonly session: Session
}

/** Opens the address of a project, with its explorer. There is no Bridge behind it before the first reload. */
export async function serveProject({ name, port, folder, session }: ServeOptions): Promise<Served> {
  const log = createBridgeLog(session.options.env.LOG_LEVEL, ({ level, text }) => session.report({ type: 'note', level, project: name, message: text }))
  const listeners = new Set<() => void>()
  const explorer = createExplorer({
    state: () => stateOf(name, session),
    mint: (claims) => mintFor(name, session, claims),
    call: log.call,
    redact: session.options.redact,
    subscribe(changed) {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
  })
  const front = await openFront({ port, explorer, call: log.call })
  return { project: createDevProject({ name, front, folder, log: log.sink }), log, listeners, reloads: [], statements: createStatementCheck(), outside: new Set(), missing: new Set() }
}

/** Signs a token that a project's Bridge accepts. @throws Error when it asks for none. */
export async function mintFor(name: string, session: Session, claims: Omit<TokenClaims, 'audience'> & { readonly audience?: string }): Promise<string> {
  const project = session.lifecycle.config.projects.find((candidate) => candidate.name === name)
  const audiences = project === undefined ? [] : audiencesOf(project)
  const { audience = audiences[0], ...about } = claims
  if (audience === undefined) throw new Error(`Project "${name}" has \`auth: 'none'\`, so its Bridge asks nobody for a token.`)
  // One that no issuer takes is signed as well: it shows how the Bridge refuses it.
  const { sub, roles, expiresIn, ...further } = about as TokenClaims
  return session.issuer.mint({ ...further, sub, audience, ...(roles === undefined ? {} : { roles }), ...(expiresIn === undefined ? {} : { expiresIn }) })
}

function stateOf(name: string, session: Session): ExplorerState {
  const { lifecycle: { config, host }, served } = session
  const project = config.projects.find((candidate) => candidate.name === name)
  const bundle = served.get(name)?.project.bundle()
  return {
    santokit: VERSION,
    environment: config.environment,
    project: name,
    projects: [...served.values()].map(({ project: { name: other, url } }) => ({ name: other, url })),
    ...(bundle === undefined ? {} : { digest: bundle.digest }),
    logic: bundle === undefined ? [] : describeLogic(bundle.manifest),
    roles: rolesOf(bundle?.manifest),
    audiences: project === undefined ? [] : audiencesOf(project),
    plugins: describePlugins(host),
    listeners: host.listeners(),
    targets: (project?.targets ?? []).map((target) => ({ name: target.name, type: target.type, plugin: target.plugin })),
    reloads: served.get(name)?.reloads ?? [],
    refused: (served.get(name)?.statements.refused() ?? []).flatMap(describeErrors),
    artifacts: bundle === undefined ? [] : describeArtifacts(bundle),
  }
}
