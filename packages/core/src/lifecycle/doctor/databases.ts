import { access } from 'node:fs/promises'
import type { ResolvedProject } from '../../config/resolved.ts'
import { isStkError, type StkError } from '../../diagnostics/index.ts'
import { withConnection } from '../../schema/database/connection.ts'
import { fileOf } from '../../schema/database/libsql.ts'
import { contextOf, databaseOf, engineFor, findSchemas } from '../../schema/open-schemas.ts'
import type { SchemaSubject } from '../../schema/contract.ts'
import type { LifecycleContext } from '../context.ts'
import { lookAt, type Finding } from './finding.ts'

/** Looks at every database that has a URL here, with `select 1`, and at the tool of its schema engine. */
export async function examineDatabases(projects: readonly ResolvedProject[], ctx: LifecycleContext): Promise<readonly Finding[]> {
  const findings = projects.flatMap((project) => Object.entries(project.databases).map(([alias, { driver }]) => databaseFinding(project, { alias, driver }, ctx)))
  return [...await Promise.all(findings), ...await engineFindings(projects, ctx)]
}

async function databaseFinding(project: ResolvedProject, subject: Pick<SchemaSubject, 'alias' | 'driver'>, ctx: LifecycleContext): Promise<Finding> {
  return lookAt({ part: 'databases', subject: `${project.name} · ${subject.alias}` }, ctx.signal, async () => {
    const database = await databaseOf(project, subject, ctx).catch((error: unknown) => {
      if (isStkError(error) && error.code === 'STK3001') return error
      throw error
    })
    if (isStkError(database)) return { state: 'unknown', says: `its URL is not known here: ${database.details.why}` }
    const file = fileOf(database)
    // To connect would make it.
    if (file !== undefined && !await access(file).then(() => true, () => false)) {
      return { state: 'worth a look', says: 'the file does not exist yet', fix: 'stk schema apply makes it, or the first start of the Bridge.' }
    }
    await withConnection(database, (connection) => connection.rows('select 1'))
    return { state: 'fine', says: `${subject.driver} answers` }
  })
}

async function engineFindings(projects: readonly ResolvedProject[], ctx: LifecycleContext): Promise<readonly Finding[]> {
  const subjects = await findSchemas(ctx, projects).catch((error: unknown): readonly SchemaSubject[] => {
    if (isStkError(error) && error.code === 'STK6014') return []
    throw error
  })
  return Promise.all(subjects.map((subject) => lookAt({ part: 'databases', subject: `${subject.project} · ${subject.alias} schema` }, ctx.signal, async (signal) => {
    const engine = engineOf(subject, projects, ctx)
    if (isStkError(engine)) return { state: 'unknown', says: `not compared: no plugin offers a schema engine for ${subject.driver}`, fix: 'If stk schema is to bring it up to date: npm install --save-dev @santokit/plugin-schema-atlas' }
    const known = await engine.preflight?.(contextOf(subject, { ...ctx, signal }))
    return { state: 'fine', says: `${engine.name}${known?.version === undefined ? '' : ` ${known.version}`}` }
  })))
}

/** The engine, or why there is none, where a project may do without: it brings its schemas to its databases by other means. */
function engineOf(subject: SchemaSubject, projects: readonly ResolvedProject[], ctx: LifecycleContext): ReturnType<typeof engineFor> | StkError {
  try {
    return engineFor(subject, ctx.host)
  } catch (error) {
    const isRequired = projects.find(({ name }) => name === subject.project)?.schema?.release === 'require'
    if (isStkError(error) && error.code === 'STK6001' && !isRequired) return error
    throw error
  }
}
