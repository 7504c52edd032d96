import type { SchemaDatabase, SchemaSubject } from '@santokit/core'
import { inspectSchema, withConnection } from '@santokit/core/schema'
import { expect, test } from 'vitest'
import { atlasEngine } from '../src/engine.ts'
import { fill, survivors } from './random-rows.ts'
import { changed, randomModel, writeSchema } from './random-schema.ts'
import { Random } from './random.ts'
import { contextOf, hasPeers, startEmbeddedPostgres, startLibsql, startSystemPostgres, subjectOf } from './servers.ts'

const engine = atlasEngine({})

async function apply(database: SchemaDatabase, subject: SchemaSubject): Promise<void> {
  const draft = await engine.plan(database, subject, contextOf())
  await withConnection(database, async (connection) => {
    await connection.begin()
    for (const { sql } of draft.statements) await connection.run(sql).catch((cause: unknown) => { throw new Error(`${sql}\n${String(cause)}`) })
    await connection.commit()
  })
  const again = await engine.plan(database, subject, contextOf())
  expect(again.statements).toEqual([])
  expect(await inspectSchema(database, subject)).toEqual(again.to)
}

test.skipIf(!hasPeers).each([
  ['system Postgres', startSystemPostgres, 50],
  ['embedded Postgres', startEmbeddedPostgres, 50],
  ['libSQL', startLibsql, 100],
] as const)('%s: random schemas lead into one another, and what stays keeps its bytes', { timeout: 1_800_000 }, async (_, start, pairs) => {
  const server = await start()
  try {
    for (let chain = 1; chain <= pairs / 10; chain += 1) {
      const random = new Random(chain)
      const database = await server.create()
      let model = randomModel(random)
      await apply(database, subjectOf(server.driver, writeSchema(model, server.driver)))
      for (let step = 1; step <= 10; step += 1) {
        await fill(database, model)
        const next = changed(model, random)
        const before = await survivors(database, model, next)
        await apply(database, subjectOf(server.driver, writeSchema(next, server.driver))).catch((cause: unknown) => {
          throw new Error(`${server.name}, seed ${chain}, step ${step}\n${writeSchema(model, server.driver)}\n→\n${writeSchema(next, server.driver)}`, { cause })
        })
        expect(await survivors(database, next, model), `${server.name}, seed ${chain}, step ${step}`).toEqual(before)
        model = next
      }
    }
  } finally {
    await server.stop()
  }
})
