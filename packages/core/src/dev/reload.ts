import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import { describeErrors } from './explorer/describe-error.ts'
import { hclLoader } from './load-hcl.ts'
import { loadSchemaAndSeed } from './load-schema.ts'
import { KEPT, timingsSince, type Reload, type Step } from './reload-record.ts'
import type { Served } from './served-project.ts'
import type { Session } from './session.ts'

/** Why a project is built again. */
export interface ReloadCause {
  /** Files that were saved. Absolute. */
  readonly files: readonly string[]
  /** Replaces the Bridge although its bundle is the same. */
  readonly force: boolean
  /** When the save was seen, on the clock of `performance.now()`. Without one it begins with the project's own turn. */
  readonly began?: number
}

/**
 * Loads a project's schema where it changed, builds it, and replaces its Bridge. A failure is shown and survived: the last good
 * Bridge keeps serving, and the next save may mend it.
 */
export async function reloadProject(session: Session, project: ResolvedProject, cause: ReloadCause): Promise<void> {
  const { lifecycle, report } = session
  const served = session.served.get(project.name)
  if (served === undefined) return
  const began = cause.began ?? performance.now()
  const steps: Step[] = []
  const timed = async <T>(name: Step['name'], work: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    try {
      return await work()
    } finally {
      steps.push({ name, ms: performance.now() - start })
    }
  }
  const before = lifecycle.host.timings()
  const at = new Date().toISOString()
  const note = (outcome: Pick<Reload, 'outcome' | 'errors'>): void => {
    const digest = served.project.bundle()?.digest
    served.reloads.unshift({
      at, ms: performance.now() - began, steps, ...outcome, hooks: timingsSince(before, lifecycle.host.timings()),
      files: cause.files.map((file) => file.replace(`${lifecycle.config.root}/`, '')), ...(digest === undefined ? {} : { digest }),
    })
    served.reloads.splice(KEPT)
    for (const listener of served.listeners) listener()
  }
  const outside = new Set<string>()
  const missing = new Set<string>()
  const into = (files: Set<string>) => (file: string): void => {
    if (!file.startsWith(`${project.root}/`) && !file.includes('/node_modules/')) files.add(file)
  }
  const development = { onInput: into(outside), onMissing: into(missing) }
  const env = { ...session.env, ...session.databases.running.settings(project.name), STK_DEV_ISSUER: session.issuer.url }
  try {
    await timed('databases', () => loadDatabases(session, project, served))
    const replaced = await served.project.reload(project, lifecycle, { env, force: cause.force, development, timed })
    served.outside = outside
    served.missing = missing
    note({ outcome: replaced ? 'served' : 'unchanged' })
    if (replaced) report({ type: 'served', project: project.name, url: served.project.url, ms: performance.now() - began })
  } catch (thrown) {
    // It may be mended where it newly reaches to, and how far that would be is not known before it builds.
    served.outside = new Set([...served.outside, ...outside, ...missing])
    served.missing = missing
    const error = showFailure(session, project.name, thrown, began)
    note({ outcome: 'failed', errors: describeErrors(error) })
    const message = served.project.bundle() === undefined ? 'nothing is served until this is mended' : 'the last good build keeps serving'
    report({ type: 'note', level: 'warn', project: project.name, message })
  }
}

/** Shows a failure that serving survives, once. */
export function showFailure({ report, shown }: Session, project: string, thrown: unknown, began: number): StkError {
  const error = isStkError(thrown) ? thrown : new StkError('STK9001', { why: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown })
  if (!shown.has(error)) report({ type: 'phase:failed', phase: 'bundle', project, ms: performance.now() - began, error })
  return error
}

async function loadDatabases({ databases, lifecycle, report }: Session, project: ResolvedProject, { statements }: Served): Promise<void> {
  const done = await loadSchemaAndSeed({
    project, databases: databases.running.databases(project.name), root: lifecycle.config.root, openHcl: hclLoader(lifecycle),
  })
  for (const { alias, action } of done) {
    if (action === 'loaded' || action === 'reloaded') {
      statements.forget()
      report({ type: 'note', level: 'info', project: project.name, message: `${action} schema and seed of ${alias}` })
    }
  }
}
