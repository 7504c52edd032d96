import type { SchemaState } from '@santokit/core'
import { isTrivia, nameOf, tokenize, type Token } from '@santokit/core/schema'
import { readHead, type StatementHead } from '../statement.ts'

/**
 * Puts statements into the one order that the same statements always have: Atlas orders tables that have nothing to do with each other as
 * chance will have it, and what was approved must be planned again.
 *
 * Statements about one table keep their order, and so do two of which one names the other's subject, as a reference does. Of what may
 * come next, the first by phase and name does.
 */
export function inOrder(statements: readonly string[], from: SchemaState): readonly string[] {
  const nodes = statements.map((sql, at) => nodeOf(sql, at, from))
  const followers = nodes.map((node) => nodes.filter((other) => other.at > node.at && interact(node, other)))
  const waitsFor = nodes.map(() => 0)
  for (const { at } of followers.flat()) waitsFor[at] = (waitsFor[at] ?? 0) + 1
  const ready = nodes.filter(({ at }) => waitsFor[at] === 0)
  const ordered: string[] = []
  for (let next = takeFirst(ready); next !== undefined; next = takeFirst(ready)) {
    ordered.push(next.sql)
    for (const follower of followers[next.at] ?? []) {
      const left = (waitsFor[follower.at] ?? 0) - 1
      waitsFor[follower.at] = left
      if (left === 0) ready.push(follower)
    }
  }
  return ordered
}

function takeFirst(ready: Node[]): Node | undefined {
  return ready.sort((a, b) => a.phase - b.phase || (a.subject === b.subject ? a.at - b.at : a.subject < b.subject ? -1 : 1)).shift()
}

interface Node {
  readonly sql: string
  readonly at: number
  /** Schemas, types, tables, then what goes. */
  readonly phase: number
  /** The table, type or schema it is about, as the catalogue names it. `''`: it may be about anything. */
  readonly subject: string
  /** Whatever it names. */
  readonly names: ReadonlySet<string>
  /** For a table that goes: those it refers to. */
  readonly referred: ReadonlySet<string> | undefined
}

function interact(a: Node, b: Node): boolean {
  if (a.subject === '' || b.subject === '' || a.subject === b.subject || a.names.has(b.subject) || b.names.has(a.subject)) return true
  return a.referred?.has(b.subject) === true || b.referred?.has(a.subject) === true
}

function nodeOf(sql: string, at: number, from: SchemaState): Node {
  const head = readHead(sql, 'pg')
  const subject = head === undefined ? commented(sql) : subjectOf(head, from)
  const drops = head?.verb === 'drop' && head.kind === 'table'
  return { sql, at, phase: phaseOf(head), subject, names: namesIn(sql), referred: drops ? neighbours(subject, from) : undefined }
}

function phaseOf(head: StatementHead | undefined): number {
  if (head?.verb === 'drop') return head.kind === 'index' ? 2 : head.kind === 'table' ? 3 : 4
  return head?.kind === 'schema' ? 0 : head?.kind === 'type' ? 1 : 2
}

function subjectOf({ kind, name, on }: StatementHead, from: SchemaState): string {
  if (kind !== 'index') return name
  if (on !== undefined) return on.name
  const bare = name.slice(name.indexOf('.') + 1)
  return Object.values(from.objects).find(({ parts }) => parts[`index ${bare}`] !== undefined)?.name ?? ''
}

/** What a comment is on: `comment on column s.t.c` is on the table. */
function commented(sql: string): string {
  const tokens = tokenize(sql, 'pg').filter((token) => !isTrivia(token))
  const kind = tokens[2]?.text.toLowerCase()
  const [name = ''] = dottedNames(tokens.slice(3))
  return kind === 'table' || kind === 'schema' || kind === 'type' ? name : kind === 'column' ? name.slice(0, name.lastIndexOf('.')) : ''
}

/** Tables that a table refers to, or that refer to it. */
function neighbours(table: string, from: SchemaState): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { name, parts } of Object.values(from.objects)) {
    for (const { type, definition } of Object.values(parts)) {
      if (type !== 'foreign key') continue
      const names = namesIn(String(definition))
      if (name === table) for (const other of names) found.add(other)
      else if (names.has(table)) found.add(name)
    }
  }
  return found
}

function namesIn(sql: string): ReadonlySet<string> {
  return new Set(dottedNames(tokenize(sql, 'pg').filter((token) => !isTrivia(token))))
}

/** `"public"."users"` as `public.users`, and every single name. */
function dottedNames(tokens: readonly Token[]): readonly string[] {
  const names: string[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const parts: string[] = []
    for (let token = tokens[at]; token?.kind === 'word' || token?.kind === 'quoted'; token = tokens[at]) {
      parts.push(nameOf(token))
      if (tokens[at + 1]?.text !== '.') break
      at += 2
    }
    if (parts.length > 0) names.push(parts.join('.'))
  }
  return names
}
