import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { openDatabase, type DatabaseDriver } from '../src/database/index.ts'
import type { PostgresEntry } from '../src/manifest/format.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** A server for the tests of one file, with a superuser beside the drivers under test. */
export interface PostgresDrivers {
  readonly admin: pg.Client
  readonly url: string
  /** A driver of alias `main`, closed after the tests. */
  open(settings?: Partial<PostgresEntry>, url?: string): Promise<DatabaseDriver>
}

/** Starts a Postgres before the tests of this file and stops it after them. */
export function postgresDrivers(): PostgresDrivers {
  const drivers: DatabaseDriver[] = []
  let postgres: TestPostgres
  let admin: pg.Client

  beforeAll(async () => {
    postgres = await startPostgres()
    admin = new pg.Client(postgres.url)
    admin.on('error', () => {})
    await admin.connect()
  })

  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.close()))
    await admin.end()
    await postgres.stop()
  })

  return {
    get admin() {
      return admin
    },
    get url() {
      return postgres.url
    },
    async open(settings = {}, url = postgres.url) {
      const entry: PostgresEntry = {
        driver: 'pg', url, pool: { max: 4, queue: 100 }, statementTimeout: 10_000, rls: false, prepare: true, ...settings,
      }
      const driver = await openDatabase('main', entry, { url })
      drivers.push(driver)
      return driver
    },
  }
}
