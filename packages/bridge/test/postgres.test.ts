import pg from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'

test('an embedded Postgres starts, answers and stops', async () => {
  const postgres = await startPostgres()
  const client = new pg.Client(postgres.url)
  await client.connect()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await client.end()
  await postgres.stop()
  await expect(new pg.Client(postgres.url).connect()).rejects.toThrow('ECONNREFUSED')
})
