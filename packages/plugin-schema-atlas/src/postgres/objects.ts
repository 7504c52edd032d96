import type { SchemaObject } from '@santokit/core'
import { quoted } from '../statement.ts'

/** `public.users` as SQL writes it. A schema with a dot in its name is not told apart. */
export function writtenName(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? quoted(name) : `${quoted(name.slice(0, dot))}.${quoted(name.slice(dot + 1))}`
}

/** What makes a type, a domain or a sequence. A sequence's owner is set by itself. */
export function createObject({ kind, name, parts }: SchemaObject): string {
  const definition = parts.definition ?? {}
  const written = writtenName(name)
  if (kind === 'domain') {
    const rest = [
      definition.default === null ? '' : `DEFAULT ${String(definition.default)}`, definition.nullable === false ? 'NOT NULL' : '',
      String(definition.checks ?? '').replaceAll('; CHECK', ' CHECK'),
    ]
    return ['CREATE DOMAIN', written, 'AS', String(definition.members), ...rest].filter((word) => word !== '').join(' ')
  }
  if (kind === 'sequence') {
    const { type, increment, min, max, start, cycle } = definition
    return `CREATE SEQUENCE ${written} AS ${String(type)} INCREMENT ${String(increment)} MINVALUE ${String(min)} MAXVALUE ${String(max)} START ${String(start)}${cycle === true ? ' CYCLE' : ''}`
  }
  if (definition.form === 'range') return `CREATE TYPE ${written} AS RANGE (SUBTYPE = ${String(definition.members)})`
  if (definition.form === 'enum') {
    const labels = JSON.parse(String(definition.members ?? '[]')) as readonly string[] | null
    return `CREATE TYPE ${written} AS ENUM (${(labels ?? []).map(literal).join(', ')})`
  }
  const fields = JSON.parse(String(definition.members ?? '[]')) as readonly (readonly [string, string])[]
  return `CREATE TYPE ${written} AS (${fields.map(([field, type]) => `${quoted(field)} ${type}`).join(', ')})`
}

/** What makes a function or replaces it: `pg_get_functiondef` writes `create or replace`. */
export function createFunction(object: SchemaObject | undefined): string {
  return String(object?.parts.definition?.query ?? '').trimEnd()
}

export function literal(text: string): string {
  const escaped = text.replaceAll('\'', '\'\'')
  return text.includes('\\') ? ` E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`
}
