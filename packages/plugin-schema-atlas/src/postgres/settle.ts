import type { SchemaDatabase } from '@santokit/core'
import { withConnection } from '@santokit/core/schema'
import { quoted } from '../statement.ts'
import { showSettings } from './settings.ts'

/**
 * Makes a scratch database with the sources in it ready for being compared: its conditions as Postgres writes them.
 *
 * Postgres rewrites an expression when it stores it and may rewrite what it wrote once more, so that a plan made from the first
 * form would never be found done: `status in ('a', 'b')` on a varchar becomes `(status)::text = any ((array[…])::text[])`, and that
 * becomes `(status)::text = any (array[('a'::varchar)::text, …])`.
 */
export async function settle(scratch: SchemaDatabase, schemas: readonly string[]): Promise<void> {
  await withConnection(scratch, async (connection) => {
    const read = (): Promise<readonly Condition[]> => connection.rows<Condition>(CONDITIONS, [schemas])
    let conditions = await read()
    // A third form was never seen; a bound all the same.
    for (let round = 0; round < 3 && conditions.length > 0; round += 1) {
      for (const { table, name, definition, index } of conditions) {
        await connection.run(index === null ? `alter table ${table} drop constraint ${quoted(name)}, add constraint ${quoted(name)} ${definition}` : `drop index ${index}`)
        if (index !== null) await connection.run(definition)
      }
      const before = new Set(conditions.map(({ definition }) => definition))
      conditions = (await read()).filter(({ definition }) => !before.has(definition))
    }
    await showSettings(connection)
  })
}

interface Condition {
  /** Quoted where it must be. */
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly index: string | null
}

// A condition without a cast is stored as it stays.
const CONDITIONS = `
  select k.conrelid::regclass::text as "table", k.conname as name, pg_get_constraintdef(k.oid) as definition, null as index
  from pg_constraint k where k.connamespace::regnamespace::text = any(select quote_ident(s) from unnest($1::text[]) s) and k.contype = 'c'
    and k.conrelid <> 0 and k.coninhcount = 0 and pg_get_constraintdef(k.oid) like '%::%[]%'
  union all
  select i.indrelid::regclass::text, null, pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where c.relnamespace::regnamespace::text = any(select quote_ident(s) from unnest($1::text[]) s) and not c.relispartition
    and i.indpred is not null and pg_get_indexdef(i.indexrelid) like '%::%[]%'
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`
