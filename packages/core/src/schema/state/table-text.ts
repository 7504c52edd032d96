import { isTrivia, tokenize, type Token } from '../../logic/sql/lexer.ts'

/** What a stored `create table` tells that no pragma does. */
export interface TableText {
  /** By name in lower case. */
  readonly columns: ReadonlyMap<string, ColumnText>
  /** The conditions of all `check` clauses, in canonical form. */
  readonly checks: readonly string[]
}

export interface ColumnText {
  /** The expression, in canonical form. */
  readonly generated?: string
  readonly collation?: string
  readonly autoincrement: boolean
}

/**
 * SQL in a form that is equal where only blanks, comments, letter case of words, or quotes around plain identifiers differ.
 * Literals stay as they are.
 */
export function canonicalSql(text: string): string {
  return canonical(meaningful(text))
}

/** Reads a `create table` of SQLite. The database has accepted it, so it is well-formed. */
export function readTableText(text: string): TableText {
  const tokens = meaningful(text)
  const open = tokens.findIndex((token) => token.text === '(')
  const columns = new Map<string, ColumnText>()
  const checks: string[] = []
  for (const item of open === -1 ? [] : splitAtCommas(tokens.slice(open + 1, closing(tokens, open)))) {
    const [first] = item
    if (first === undefined) continue
    checks.push(...clauses(item, 'check').map(canonical))
    if (first.kind === 'word' && TABLE_CONSTRAINT.has(first.text.toLowerCase())) continue
    const [generated] = clauses(item.slice(1), 'as')
    const collate = item.findIndex((token) => isWord(token, 'collate'))
    const collation = collate === -1 ? undefined : item[collate + 1]
    columns.set(nameOf(first).toLowerCase(), {
      ...(generated === undefined ? {} : { generated: canonical(generated) }),
      ...(collation === undefined ? {} : { collation: nameOf(collation).toLowerCase() }),
      autoincrement: item.some((token) => isWord(token, 'autoincrement')),
    })
  }
  return { columns, checks }
}

const TABLE_CONSTRAINT: ReadonlySet<string> = new Set(['constraint', 'primary', 'unique', 'check', 'foreign'])

function meaningful(text: string): readonly Token[] {
  return tokenize(text, 'libsql').filter((token) => !isTrivia(token))
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === word
}

/** An identifier without its quotes. */
export function nameOf(token: Token): string {
  if (token.kind !== 'quoted' && token.kind !== 'string') return token.text
  const quote = token.text.at(-1) ?? ''
  return token.text.slice(1, -1).replaceAll(quote + quote, quote)
}

function canonical(tokens: readonly Token[]): string {
  let text = ''
  for (const [at, token] of tokens.entries()) {
    // The lexer gives an operator such as `<>` sign by sign.
    const joined = at === 0 || (SIGN.test(token.text) && SIGN.test(tokens[at - 1]?.text ?? ''))
    text += (joined ? '' : ' ') + canonicalToken(token)
  }
  return text
}

const SIGN = /^[<>=!|]$/

function canonicalToken(token: Token): string {
  if (token.kind === 'word') return token.text.toLowerCase()
  if (token.kind !== 'quoted') return token.text
  const name = nameOf(token)
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name.toLowerCase() : `"${name.replaceAll('"', '""')}"`
}

/** What stands between the parentheses behind each `word` that stands in none itself. */
function clauses(item: readonly Token[], word: string): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = []
  for (let at = 0; at < item.length; at += 1) {
    if (isWord(item[at], word) && item[at + 1]?.text === '(') {
      const end = closing(item, at + 1)
      found.push(item.slice(at + 2, end))
      at = end
    } else if (item[at]?.text === '(') {
      at = closing(item, at)
    }
  }
  return found
}

/** Where the parenthesis that opens at `open` is closed. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1
    else if (tokens[at]?.text === ')' && --depth === 0) return at
  }
  return tokens.length
}

function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const items: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (token.text === ',' && depth === 0) items.push([])
    else items.at(-1)?.push(token)
  }
  return items
}
