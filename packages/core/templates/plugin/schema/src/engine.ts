import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineSchemaEngine, SecretValue, type SchemaDatabase, type SchemaEngine } from '@santokit/core'
import { inspectSchema, loadSqlSources } from '@santokit/core/schema'
import { readDefinitions, statementsBetween } from './difference.ts'

/**
 * Plans a schema of libsql and SQLite: makes a scratch database what the files say, and writes the statements that make up the
 * difference between the two catalogues.
 *
 * Judging risks, asking, locking, running and verifying are core's.
 */
export const exampleEngine: SchemaEngine = defineSchemaEngine({
  name: 'example',

  supports: ({ driver, sources }) => driver === 'libsql' && sources.every(({ kind }) => kind === 'sql'),

  /** Only ever reads `database`. The same database and sources give the same statements. */
  async plan(database, subject, ctx) {
    return withScratch(async (scratch) => {
      await loadSqlSources(scratch, subject, ctx.signal)
      const [from, to] = [await inspectSchema(database, subject, ctx.signal), await inspectSchema(scratch, subject, ctx.signal)]
      const statements = statementsBetween(from, to, await readDefinitions(scratch))
      return { to, statements: statements.map((sql) => ({ sql })) }
    })
  },
})

async function withScratch<T>(work: (scratch: SchemaDatabase) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-plugin-example-'))
  try {
    const file = join(folder, 'scratch.db')
    await writeFile(file, '')
    return await work({ driver: 'libsql', url: new SecretValue(pathToFileURL(file).href) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
