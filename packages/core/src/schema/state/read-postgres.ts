import type { SchemaObjectKind, SchemaPart, SchemaState } from '../contract.ts'
import type { Connection } from '../database/connection.ts'
import { StateBuilder } from './build.ts'
import { isExcluded } from './exclude.ts'
import type { Scope } from './inspect.ts'

/**
 * Reads the schemas of `scope` from the system catalogue of PostgreSQL 12 or newer.
 *
 * Everything is written out with its schema, since nothing is on the search path while it is read; no ids, positions or owners
 * get in, so that equal schemas on two servers read equally. What an extension owns is left out.
 *
 * @param connection inside a transaction, so that the search path is changed for nobody else behind a pooler.
 */
export async function readPostgres(connection: Connection, scope: Scope): Promise<SchemaState> {
  const schemas = scope.schemas.map((schema) => `'${schema.replaceAll(`'`, `''`)}'`).join(', ')
  const asked = [...OBJECTS, ...PARTS].map((sql) => sql.replaceAll('$1', `array[${schemas}]::name[]`))
  // In one round trip: a database may be far away.
  const [before] = await connection.rows<{ path: string }>(`select current_setting('search_path') as path`)
  const [, ...results] = await connection.script([`select set_config('search_path', 'pg_catalog', true)`, ...asked])
  await connection.rows(`select set_config('search_path', $1, true)`, [before?.path ?? ''])
  const builder = new StateBuilder()
  for (const { kind, name, ...definition } of results.slice(0, OBJECTS.length).flat() as readonly ObjectRow[]) {
    if (!isExcluded(scope, name)) builder.object(kind, name, kind === 'table' || kind === 'schema' ? undefined : definition)
  }
  for (const { object, part, ...value } of results.slice(OBJECTS.length).flat() as readonly PartRow[]) builder.part(object, part, value)
  return builder.state()
}

type ObjectRow = SchemaPart & { readonly kind: SchemaObjectKind; readonly name: string }
type PartRow = SchemaPart & { readonly object: string; readonly part: string }

const isOfExtension = (catalogue: string, oid: string): string =>
  `exists (select from pg_depend d where d.classid = '${catalogue}'::regclass and d.objid = ${oid} and d.deptype = 'e')`

const RELATION_KIND = `case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end`

const SCHEMAS = `
  select 'schema' as kind, n.nspname as name from pg_namespace n
  where n.nspname = any($1) and n.nspname <> 'public' and not ${isOfExtension('pg_namespace', 'n.oid')}`

const RELATIONS = `
  select ${RELATION_KIND} as kind, n.nspname || '.' || c.relname as name,
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as query,
    array_to_string(c.reloptions, ', ') as options
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'f', 'v', 'm') and not ${isOfExtension('pg_class', 'c.oid')}`

// An identity column's sequence is a property of the column.
const SEQUENCES = `
  select 'sequence' as kind, n.nspname || '.' || c.relname as name, format_type(s.seqtypid, null) as type, s.seqstart::text as start,
    s.seqincrement::text as increment, s.seqmin::text as min, s.seqmax::text as max, s.seqcycle as cycle,
    (select o.relnamespace::regnamespace || '.' || o.relname || '.' || a.attname
     from pg_depend d join pg_class o on o.oid = d.refobjid join pg_attribute a on a.attrelid = o.oid and a.attnum = d.refobjsubid
     where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype = 'a') as owner
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and not ${isOfExtension('pg_class', 'c.oid')}
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'i')`

const TYPES = `
  select case t.typtype when 'd' then 'domain' else 'type' end as kind, n.nspname || '.' || t.typname as name,
    case t.typtype when 'e' then 'enum' when 'c' then 'composite' when 'r' then 'range' when 'd' then 'domain' else t.typtype::text end as form,
    case t.typtype
      when 'e' then (select json_agg(e.enumlabel order by e.enumsortorder)::text from pg_enum e where e.enumtypid = t.oid)
      when 'c' then (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)::text
        from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
      when 'r' then (select format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid)
      when 'd' then format_type(t.typbasetype, t.typtypmod)
    end as members,
    case when t.typtype = 'd' then t.typdefault end as "default",
    case when t.typtype = 'd' then not t.typnotnull end as nullable,
    case when t.typtype = 'd' then (select string_agg(pg_get_constraintdef(k.oid), '; ' order by k.conname) from pg_constraint k
      where k.contypid = t.oid and k.contype = 'c') end as checks
  from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where n.nspname = any($1) and t.typtype in ('e', 'c', 'r', 'd') and (c.oid is null or c.relkind = 'c')
    and not ${isOfExtension('pg_type', 't.oid')}`

const FUNCTIONS = `
  select 'function' as kind, n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
    case p.prokind when 'a' then pg_get_function_result(p.oid) else pg_get_functiondef(p.oid) end as query
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any($1) and not ${isOfExtension('pg_proc', 'p.oid')}
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')`

/** What its parts are listed under. */
const OBJECT = `${RELATION_KIND} || ' ' || n.nspname || '.' || c.relname as object`

const COLUMNS = `
  select ${OBJECT}, 'column ' || a.attname as part, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
    case when a.attgenerated = '' then pg_get_expr(e.adbin, e.adrelid) end as "default",
    case a.attgenerated when '' then null when 's' then 'stored: ' else 'virtual: ' end
      || case when a.attgenerated <> '' then pg_get_expr(e.adbin, e.adrelid) end as generated,
    case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
    case when a.attcollation <> t.typcollation then (select l.collname from pg_collation l where l.oid = a.attcollation) end as collation,
    col_description(c.oid, a.attnum) as comment
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid left join pg_attrdef e on e.adrelid = c.oid and e.adnum = a.attnum
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped`

// PostgreSQL 18 lists "not null" as constraints, too; it is a property of the column.
const CONSTRAINTS = `
  select ${OBJECT}, 'constraint ' || k.conname as part, case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
    when 'c' then 'check' else 'exclude' end as type, pg_get_constraintdef(k.oid) as definition
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0`

const INDEXES = `
  select ${OBJECT}, 'index ' || x.relname as part, pg_get_indexdef(x.oid) as definition, i.indisunique as "unique", i.indisvalid as valid
  from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'm')
    and not exists (select from pg_constraint k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))
    and not exists (select from pg_inherits h where h.inhrelid = x.oid)`

const TRIGGERS = `
  select ${OBJECT}, 'trigger ' || g.tgname as part, pg_get_triggerdef(g.oid) as definition, g.tgenabled::text as enabled
  from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and not g.tgisinternal and not ${isOfExtension('pg_trigger', 'g.oid')}
  union all
  select ${OBJECT}, 'rule ' || w.rulename, pg_get_ruledef(w.oid), w.ev_enabled::text
  from pg_rewrite w join pg_class c on c.oid = w.ev_class join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and w.rulename <> '_RETURN'`

const POLICIES = `
  select ${OBJECT}, 'policy ' || p.polname as part, p.polcmd::text as command, p.polpermissive as permissive,
    (select string_agg(case r when 0 then 'public' else r::regrole::text end, ', ' order by r::regrole::text) from unnest(p.polroles) r) as roles,
    pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "check"
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1)`

const TABLE_OPTIONS = `
  select ${OBJECT}, 'row security' as part, concat_ws(', ', case when c.relrowsecurity then 'enabled' end, case when c.relforcerowsecurity then 'forced' end) as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p') and (c.relrowsecurity or c.relforcerowsecurity)
  union all
  select ${OBJECT}, 'storage', concat_ws(', ', case c.relpersistence when 'u' then 'unlogged' end, array_to_string(c.reloptions, ', '))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p') and (c.relpersistence = 'u' or c.reloptions is not null)
  union all
  select ${OBJECT}, 'partitioning', concat_ws(' ', pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
    (select string_agg(h.inhparent::regclass::text, ', ' order by h.inhseqno) from pg_inherits h where h.inhrelid = c.oid))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p')
    and (c.relkind = 'p' or c.relispartition or exists (select from pg_inherits h where h.inhrelid = c.oid))
  union all
  select ${OBJECT}, 'comment', obj_description(c.oid, 'pg_class')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') is not null`

const OBJECTS = [SCHEMAS, RELATIONS, SEQUENCES, TYPES, FUNCTIONS]
const PARTS = [COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, POLICIES, TABLE_OPTIONS]
