import type { SchemaState } from '@santokit/core'
import { isTrivia, nameOf, tokenize } from '@santokit/core/schema'
import { quoted } from '../statement.ts'
import { objectOf } from './tables.ts'

/**
 * A `create table` in which every `references x` says which columns it means: Atlas 0.13 cannot read one that leaves it open. SQLite
 * takes the primary key, and its rowid if there is none.
 */
export function spellOutReferences(sql: string, state: SchemaState): string {
  const tokens = tokenize(sql, 'libsql').filter((token) => !isTrivia(token))
  let text = sql
  for (const [at, token] of [...tokens.entries()].reverse()) {
    const table = tokens[at + 1]
    if (token.kind !== 'word' || token.text.toLowerCase() !== 'references' || table === undefined || tokens[at + 2]?.text === '(') continue
    text = `${text.slice(0, table.end)} (${keyOf(state, nameOf(table))})${text.slice(table.end)}`
  }
  return text
}

function keyOf(state: SchemaState, table: string): string {
  const key = Object.values(objectOf(state, table)?.parts ?? {}).find(({ type }) => type === 'primary key')
  return key === undefined ? 'rowid' : String(key.definition).split(', ').map(quoted).join(', ')
}
