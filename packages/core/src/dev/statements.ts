/** One statement of a script, without the `;` that ends it. */
export interface ScriptStatement {
  readonly text: string
  /** Where {@link text} begins in the script, in UTF-16 code units. */
  readonly offset: number
}

/**
 * Cuts a SQL script into statements, so that a failing one can be named by its line.
 *
 * Knows string literals (with `E''` escapes on pg), quoted identifiers, dollar quotes, comments, trigger bodies of SQLite and
 * `begin atomic` bodies of Postgres functions. What it cannot make sense of is left for the database to refuse.
 */
export function splitStatements(script: string, driver: 'pg' | 'libsql'): ScriptStatement[] {
  const statements: ScriptStatement[] = []
  let start: number | undefined
  let words: string[] = []
  let depth = 0

  const finish = (end: number): void => {
    if (start !== undefined) statements.push({ text: script.slice(start, end).trimEnd(), offset: start })
    start = undefined
    words = []
    depth = 0
  }

  let at = 0
  while (at < script.length) {
    const rest = script.slice(at, at + 2)
    if (/\s/.test(script.charAt(at))) {
      at += 1
    } else if (rest === '--') {
      at = endOfLine(script, at)
    } else if (rest === '/*') {
      at = endOfBlockComment(script, at, driver)
    } else if (script[at] === ';' && depth === 0) {
      finish(at)
      at += 1
    } else {
      start ??= at
      const token = tokenAt(script, at, driver)
      if (token.word !== undefined) {
        words.push(token.word)
        depth = bodyDepth(depth, words, driver)
      }
      at = token.end
    }
  }
  finish(script.length)
  return statements
}

/** How many `begin`/`case` are open after the last word: a `;` inside one does not end the statement. */
function bodyDepth(depth: number, words: readonly string[], driver: 'pg' | 'libsql'): number {
  const word = words.at(-1)
  if (depth > 0) return word === 'end' ? depth - 1 : word === 'case' ? depth + 1 : depth
  if (driver === 'libsql') return word === 'begin' && words[0] === 'create' && words.slice(1, 3).includes('trigger') ? 1 : 0
  return word === 'atomic' && words.at(-2) === 'begin' ? 1 : 0
}

function tokenAt(script: string, at: number, driver: 'pg' | 'libsql'): { readonly end: number; readonly word?: string } {
  const char = script.charAt(at)
  if (char === '\'' || char === '"' || (driver === 'libsql' && char === '`')) return { end: endOfQuoted(script, at, false) }
  if (driver === 'libsql' && char === '[') return { end: indexAfter(script, ']', at) }
  if (driver === 'pg' && char === '$') {
    const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(script.slice(at, at + 130))?.[0]
    return { end: tag === undefined ? at + 1 : indexAfter(script, tag, at + tag.length) }
  }
  if (driver === 'pg' && /^e'/i.test(script.slice(at, at + 2))) return { end: endOfQuoted(script, at + 1, true) }
  const word = /[\p{L}_][\p{L}\p{N}_$]*/uy
  word.lastIndex = at
  const found = word.exec(script)?.[0]
  return found === undefined ? { end: at + 1 } : { end: at + found.length, word: found.toLowerCase() }
}

function endOfQuoted(script: string, open: number, backslashes: boolean): number {
  const quote = script.charAt(open)
  for (let at = open + 1; at < script.length; at += 1) {
    if (backslashes && script[at] === '\\') at += 1
    else if (script[at] === quote && script[at + 1] === quote) at += 1
    else if (script[at] === quote) return at + 1
  }
  return script.length
}

/** Postgres nests block comments; SQLite does not. */
function endOfBlockComment(script: string, open: number, driver: 'pg' | 'libsql'): number {
  if (driver === 'libsql') return indexAfter(script, '*/', open + 2)
  let depth = 1
  let at = open + 2
  while (at < script.length && depth > 0) {
    const pair = script.slice(at, at + 2)
    if (pair === '/*') depth += 1
    if (pair === '*/') depth -= 1
    at += pair === '/*' || pair === '*/' ? 2 : 1
  }
  return at
}

function endOfLine(script: string, at: number): number {
  return indexAfter(script, '\n', at)
}

function indexAfter(script: string, mark: string, from: number): number {
  const found = script.indexOf(mark, from)
  return found === -1 ? script.length : found + mark.length
}
