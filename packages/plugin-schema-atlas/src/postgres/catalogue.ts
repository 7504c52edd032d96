import type { SchemaDatabase, SchemaState } from '@santokit/core'
import { withConnection } from '@santokit/core/schema'

/** A database and what it holds. */
export interface Side {
  readonly database: SchemaDatabase
  readonly state: SchemaState
  readonly catalogue: Catalogue
}

/** What a state does not tell: in which order things can be made. */
export interface Catalogue {
  /** Types, sequences, functions and views by their names in a state, in the order in which they were made. */
  readonly order: readonly string[]
  readonly extensions: readonly string[]
  /** Functions that a default, a generated column, a check or an index calls. */
  readonly neededByTables: ReadonlySet<string>
  /** Managed or not. */
  readonly tables: readonly (readonly [schema: string, name: string])[]
  /** What each view reads. */
  readonly reads: readonly (readonly [view: string, relation: string])[]
}

/** Reads the order of what `state` holds. */
export async function readCatalogue(database: SchemaDatabase, state: SchemaState): Promise<Catalogue> {
  return withConnection(database, async (connection) => {
    const keys = async (sql: string): Promise<readonly string[]> => (await connection.rows<{ key: string }>(sql)).map(({ key }) => key)
    return {
      order: (await keys(ORDER)).filter((key) => state.objects[key] !== undefined),
      extensions: await keys(`select extname as key from pg_extension where extname <> 'plpgsql' order by oid`),
      neededByTables: new Set(await keys(NEEDED_BY_TABLES)),
      tables: (await connection.rows<{ schema: string; name: string }>(TABLES)).map(({ schema, name }) => [schema, name] as const),
      reads: (await connection.rows<{ view: string; relation: string }>(READS)).map(({ view, relation }) => [view, relation] as const),
    }
  })
}

const FUNCTION_KEY = `'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'`
const RELATION_KIND = (alias: string): string => `case ${alias}.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence ' else 'table ' end`
const RELATION_KEY = (alias: string): string => `${RELATION_KIND(alias)} || (select nspname from pg_namespace where oid = ${alias}.relnamespace) || '.' || ${alias}.relname`

// An object that another one needs was made before it, and so has the smaller number, until numbers wrap round.
const ORDER = `
  select key from (
    select ${FUNCTION_KEY} as key, p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    union all
    select ${RELATION_KEY('c')}, c.oid from pg_class c where c.relkind in ('v', 'm', 'S')
    union all
    select case t.typtype when 'd' then 'domain ' else 'type ' end || n.nspname || '.' || t.typname, t.oid
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('d', 'e', 'c', 'r')
  ) made order by oid`

const NEEDED_BY_TABLES = `
  select distinct ${FUNCTION_KEY} as key from pg_depend d join pg_proc p on p.oid = d.refobjid join pg_namespace n on n.oid = p.pronamespace
  where d.refclassid = 'pg_proc'::regclass and d.classid in ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass)`

const READS = `
  select distinct ${RELATION_KEY('v')} as view, ${RELATION_KEY('c')} as relation
  from pg_rewrite w join pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm')
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.oid <> v.oid`

const TABLES = `
  select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'f') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%' order by 1, 2`
