import { readFile } from 'node:fs/promises'
import { join, relative } from 'pathe'
import type { ResolvedProject } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import type { Refusal } from './prepare-statement.ts'
import { projectsOf, type Session } from './session.ts'
import type { ServedStatement } from './statement-check.ts'

/**
 * Has the embedded databases prepare the SQL logic that is served, and shows what they do not take: a column that is misspelt, a table
 * that is not there. Nothing is run, and what is served stays. Databases of somebody's own are not asked.
 */
export async function checkServed(session: Session): Promise<void> {
  for (const project of projectsOf(session)) {
    try {
      await checkProject(session, project)
    } catch (error) {
      session.report({ type: 'note', level: 'warn', project: project.name, message: `the SQL could not be checked: ${(error as Error).message}` })
    }
  }
}

async function checkProject(session: Session, project: ResolvedProject): Promise<void> {
  const served = session.served.get(project.name)
  // After a failure the sources, the schema and what is served may speak of different things.
  if (served === undefined || served.reloads[0]?.outcome === 'failed') return
  const began = performance.now()
  const { appeared, vanished } = await served.statements.run(statementsOf(session, project), (statement, refusal) =>
    explain(statement, refusal, project, session.lifecycle.config.root))
  const [error, ...others] = appeared
  if (error !== undefined) {
    session.report({ type: 'phase:failed', phase: 'check', project: project.name, ms: performance.now() - began, error: error.with({ others }) })
    const one = others.length === 0
    session.report({ type: 'note', level: 'warn', project: project.name, message: `served all the same; ${one ? 'it fails when it is called' : 'they fail when they are called'}` })
  } else if (vanished && served.statements.refused().length === 0) {
    session.report({ type: 'note', level: 'info', project: project.name, message: 'the databases take every statement again' })
  }
  if (error !== undefined || vanished) for (const listener of served.listeners) listener()
}

function statementsOf({ served, databases }: Session, { name, databases: declared }: ResolvedProject): readonly ServedStatement[] {
  const settings = databases.running.settings(name)
  return Object.entries(served.get(name)?.project.bundle()?.manifest.logic ?? {}).flatMap(([path, entry]) => {
    const database = entry.kind === 'sql' ? declared[entry.database] : undefined
    const url = database === undefined || typeof database.url === 'string' ? undefined : settings[database.url.secret]
    return entry.kind !== 'sql' || database === undefined || url === undefined ? [] : [{ path, entry, database: { driver: database.driver, url } }]
  })
}

async function explain(
  { entry, database }: ServedStatement, { message, hint, spot }: Refusal, project: ResolvedProject, root: string,
): Promise<StkError> {
  const path = join(project.root, entry.source)
  const file = { file: relative(root, path), text: await readFile(path, 'utf8').catch(() => '') }
  // Loaded once something has to be found; a save that is right does without the compiler's parts.
  const [{ locate }, { problemIn, withoutBom }] = await Promise.all([import('../logic/locate.ts'), import('../logic/source.ts')])
  const place = locate(file.text, entry, database.driver, spot)
  const why = `Database "${entry.database}" says: ${message}`
  const fix = [...(hint === undefined ? [] : [hint]), `Correct the statement, or what schema/${entry.database} declares.`]
  if (place === undefined) return new StkError('STK5006', { why, fix, where: { file: file.file }, project: project.name })
  return problemIn({ ...file, text: withoutBom(file.text) }, { code: 'STK5006', why, fix, ...place }).with({ project: project.name })
}
