import { afterAll, beforeAll, test } from 'vitest'
import { startDatabases, type Databases } from '../schema/fixtures/databases.ts'
import { smallEngine } from '../schema/fixtures/small-engine.ts'
import type { SchemaDatabase, SchemaEngine } from '../schema/contract.ts'
import { testSchemaEngine } from './schema-engine.ts'

let databases: Databases
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())

/** The engine over databases that are there only when tests run. */
const engine: SchemaEngine = (() => {
  let started: SchemaEngine | undefined
  const get = (): SchemaEngine => (started ??= smallEngine(databases))
  return { name: 'small', supports: (subject) => get().supports(subject), plan: (...args) => get().plan(...args) }
})()

testSchemaEngine({ test, driver: 'libsql', engine, cases: 5, create: async () => ({ createDatabase: (): Promise<SchemaDatabase> => databases.create('libsql') }) })
