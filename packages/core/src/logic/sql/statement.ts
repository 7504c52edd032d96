import type { Problem } from '../source.ts'
import { isTrivia, type Dialect, type Token } from './lexer.ts'

/** The one statement of a logic. */
export interface Statement {
  /** Everything but the blanks around it and the semicolon behind it. */
  readonly tokens: readonly Token[]
  /** The tokens a parser sees. */
  readonly significant: readonly Token[]
}

/** Finds the one statement in `tokens`, or says why there is not exactly one that can run on a shared connection. */
export function findStatement(
  tokens: readonly Token[],
  dialect: Dialect,
): { readonly statement: Statement } | { readonly problem: Problem } {
  const last = tokens.at(-1)
  if (last?.kind === 'broken') return { problem: brokenProblem(last) }
  const significant = tokens.filter((token) => !isTrivia(token) && token.text !== ';')
  const [first] = significant
  if (first === undefined) return { problem: emptyProblem(tokens) }
  const semicolon = tokens.findIndex((token) => token.text === ';' && token.start > first.start)
  const second = semicolon === -1 ? undefined : tokens.slice(semicolon).find((token) => significant.includes(token))
  if (second !== undefined) return { problem: secondProblem(second) }
  const keyword = first.kind === 'word' ? first.text.toLowerCase() : undefined
  if (keyword !== undefined && LASTING[dialect].has(keyword)) return { problem: lastingProblem(first) }
  return { statement: { tokens: trimmed(tokens.filter((token) => token.text !== ';')), significant } }
}

/**
 * True if the statement is known to only read: it is a query, no part of it changes or locks rows, and it calls no
 * built-in function that writes. What a function of the user's does cannot be seen.
 */
export function onlyReads(significant: readonly Token[]): boolean {
  const words = significant.map((token) => (token.kind === 'word' ? token.text.toLowerCase() : token.text))
  const isWord = (index: number): boolean => significant[index]?.kind === 'word'
  const start = words.findIndex((word) => word !== '(')
  const keyword = isWord(start) ? (words[start] ?? '') : ''
  if (keyword === 'show') return true
  if (keyword === 'explain') return !words.some((word) => word === 'analyze' || word === 'analyse')
  if (!READING.has(keyword)) return false
  return !words.some((word, index) => {
    if (!isWord(index)) return false
    const before = words[index - 1]
    const following = words[index + 1]
    if (word === 'into') return true
    if (CHANGING.has(word)) return before === undefined || before === '(' || before === ')'
    if (word === 'for') return following !== undefined && LOCKING.has(following)
    return following === '(' && WRITING_FUNCTION.test(word)
  })
}

const READING = new Set(['select', 'values', 'table', 'with'])
const CHANGING = new Set(['insert', 'update', 'delete', 'merge'])
const LOCKING = new Set(['update', 'share', 'no', 'key'])
const WRITING_FUNCTION = /^(nextval|setval|set_config|pg_notify|pg_(cancel|terminate)_backend|pg_(try_)?advisory_\w+)$/

/** True for statements that change rows and give none back unless they have a `returning` clause. */
export function givesNoRows(significant: readonly Token[]): boolean {
  const words = significant.filter((token) => token.kind === 'word').map((token) => token.text.toLowerCase())
  return ['insert', 'update', 'delete', 'merge', 'replace'].includes(words[0] ?? '') && !words.includes('returning')
}

/** Statements whose effect stays on the connection, which the next caller gets. */
const LASTING: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  pg: new Set([
    'begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'set', 'reset', 'discard', 'listen',
    'unlisten', 'prepare', 'execute', 'deallocate', 'declare', 'fetch', 'move', 'close', 'copy', 'load',
  ]),
  libsql: new Set(['begin', 'commit', 'end', 'rollback', 'savepoint', 'release', 'attach', 'detach', 'pragma']),
}

function trimmed(tokens: readonly Token[]): readonly Token[] {
  const from = tokens.findIndex((token) => token.kind !== 'space')
  const to = tokens.findLastIndex((token) => token.kind !== 'space')
  return tokens.slice(from, to + 1)
}

function brokenProblem(token: Token): Problem {
  const what = token.what ?? 'something'
  const { start, end } = token
  return what === 'a NUL character'
    ? { code: 'STK2010', why: 'SQL cannot hold a NUL character.', fix: 'Remove it.', start, end: start + 1 }
    : { code: 'STK2010', why: `Here begins ${what} that never ends.`, fix: 'Close it.', start, end }
}

function emptyProblem(tokens: readonly Token[]): Problem {
  const end = tokens.at(-1)?.end ?? 0
  return { code: 'STK2010', why: 'There is no statement.', fix: 'Write one below the front matter.', start: end, end }
}

function secondProblem(token: Token): Problem {
  return {
    code: 'STK2010',
    why: 'A second statement begins here. A SQL logic is one statement.',
    fix: ['Use a TypeScript logic with a transaction.', 'Join them with `with … as (… returning …)`, if they are PostgreSQL.'],
    start: token.start,
    end: token.end,
  }
}

function lastingProblem(token: Token): Problem {
  return {
    code: 'STK2010',
    why: `"${token.text}" changes the state of the connection, which other calls share.`,
    fix: 'Use a TypeScript logic with a transaction.',
    start: token.start,
    end: token.end,
  }
}
