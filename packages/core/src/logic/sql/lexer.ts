/** The SQL dialects a database driver speaks: PostgreSQL, or SQLite as libSQL has it. */
export type Dialect = 'pg' | 'libsql'

export type TokenKind =
  | 'space'
  | 'comment'
  /** Any literal in quotes: `'…'`, `E'…'`, `$tag$…$tag$`. */
  | 'string'
  /** An identifier in quotes: `"…"`, and in SQLite `[…]` and `` `…` ``. */
  | 'quoted'
  /** A keyword or a bare identifier. */
  | 'word'
  | 'number'
  /** A colon and a name, `:status` or `:auth.claims.org`: a parameter, unless it stands where a slice's colon may. */
  | 'named'
  /** A placeholder of the driver's own: `$1`, `?`, `@x`. */
  | 'placeholder'
  /** One character of an operator or of punctuation; `::` and `:=` are kept whole. */
  | 'symbol'
  /** What begins here never ends, or may not stand in SQL at all. Always the last token. */
  | 'broken'

/** A piece of a statement. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Offset of the first code unit. */
  readonly start: number
  readonly end: number
  /** For `broken`: what it would have been, for a message. */
  readonly what?: string
}

/**
 * Cuts `text` from the offset `from` on into tokens that, put together again, are that text.
 *
 * Follows `scan.l` of PostgreSQL (with `standard_conforming_strings` on, the default since 9.1) and `tokenize.c` of
 * SQLite wherever it matters to know what is text and what is not. Never throws.
 */
export function tokenize(text: string, dialect: Dialect, from = 0): readonly Token[] {
  const tokens: Token[] = []
  let at = from
  while (at < text.length) {
    const { kind, end, what } = next(text, at, dialect)
    tokens.push({ kind, text: text.slice(at, end), start: at, end, ...(what === undefined ? {} : { what }) })
    at = end
  }
  return tokens
}

/** True for what neither dialect's parser sees: blanks and comments. */
export function isTrivia(token: Token): boolean {
  return token.kind === 'space' || token.kind === 'comment'
}

type Scanned = Pick<Token, 'kind' | 'end' | 'what'>

const WORD_START = 'A-Za-z_\\u0080-\\uffff'
const WORD = new RegExp(`[${WORD_START}][${WORD_START}0-9$]*`, 'y')
const NAMED = new RegExp(`:[${WORD_START}][${WORD_START}0-9$]*`, 'y')
/** Members of `:auth`. A claim whose name is no identifier stands in double quotes. */
const MEMBERS = new RegExp(`(?:\\.(?:[${WORD_START}][${WORD_START}0-9$]*|"(?:[^"\\n\\r]|"")+"))*`, 'y')
const DIGITS = '[0-9](?:_?[0-9])*'
const NUMBER = new RegExp(
  '0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|' +
  `(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?`,
  'y',
)
const SPACE = { pg: /[ \t\n\r\f\v]+/y, libsql: /[ \t\n\r\f]+/y } as const
/** SQLite ends a line comment at a line feed only. */
const LINE_COMMENT = { pg: /--[^\n\r]*/y, libsql: /--[^\n]*/y } as const
const DOLLAR_QUOTE = new RegExp(`\\$(?:[${WORD_START}][${WORD_START}0-9]*)?\\$`, 'y')
const PLACEHOLDER = {
  pg: new RegExp(`\\$[${WORD_START}0-9]+`, 'y'),
  libsql: new RegExp(`\\?[0-9]*|[@#$][${WORD_START}0-9$]+|:[0-9][${WORD_START}0-9$]*`, 'y'),
} as const

function next(text: string, at: number, dialect: Dialect): Scanned {
  const first = text.charAt(at)
  const second = text.charAt(at + 1)
  const match = (pattern: RegExp): number | undefined => endOfMatch(pattern, text, at)

  if (first === '\0') return { kind: 'broken', end: text.length, what: 'a NUL character' }
  const space = match(SPACE[dialect])
  if (space !== undefined) return { kind: 'space', end: space }
  const lineComment = match(LINE_COMMENT[dialect])
  if (lineComment !== undefined) return { kind: 'comment', end: lineComment }
  if (first === '/' && second === '*') return closed('comment', text, endOfComment(text, at, dialect === 'pg'), 'a comment')

  if (first === "'") return closed('string', text, endOfQuote(text, at, "'"), 'a string')
  if (first === '"') return closed('quoted', text, endOfQuote(text, at, '"'), 'a quoted identifier')
  if (dialect === 'libsql' && first === '`') return closed('quoted', text, endOfQuote(text, at, '`'), 'a quoted identifier')
  if (dialect === 'libsql' && first === '[') return closed('quoted', text, after(text, ']', at), 'a quoted identifier')
  if (dialect === 'pg' && (first === 'e' || first === 'E') && second === "'") {
    return closed('string', text, endOfEscapeString(text, at + 1), 'a string')
  }
  const dollarQuote = dialect === 'pg' ? match(DOLLAR_QUOTE) : undefined
  if (dollarQuote !== undefined) {
    return closed('string', text, after(text, text.slice(at, dollarQuote), dollarQuote), 'a dollar quote')
  }

  const word = match(WORD)
  if (word !== undefined) return { kind: 'word', end: word }
  const number = match(NUMBER)
  if (number !== undefined) return { kind: 'number', end: number }
  const placeholder = match(PLACEHOLDER[dialect])
  if (placeholder !== undefined) return { kind: 'placeholder', end: placeholder }
  const named = match(NAMED)
  if (named !== undefined) {
    const isAuth = text.slice(at, named) === ':auth'
    return { kind: 'named', end: isAuth ? (endOfMatch(MEMBERS, text, named) ?? named) : named }
  }
  return { kind: 'symbol', end: first === ':' && (second === ':' || second === '=') ? at + 2 : at + 1 }
}

function endOfMatch(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function closed(kind: TokenKind, text: string, end: number | undefined, what: string): Scanned {
  return end === undefined ? { kind: 'broken', end: text.length, what } : { kind, end }
}

/** The offset behind the next `mark`. */
function after(text: string, mark: string, from: number): number | undefined {
  const found = text.indexOf(mark, from)
  return found === -1 ? undefined : found + mark.length
}

/** The offset behind the quote that closes the one at `at`. A doubled quote stands for itself. */
function endOfQuote(text: string, at: number, quote: string): number | undefined {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] !== quote) continue
    if (text[i + 1] !== quote) return i + 1
    i++
  }
  return undefined
}

/**
 * Like {@link endOfQuote}, and a backslash takes the next character with it. A literal that goes on after a line break
 * (`E'a'` newline `'b'`) stays an escape string, which its second part does not show.
 */
function endOfEscapeString(text: string, at: number): number | undefined {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === "'") {
      if (text[i + 1] === "'") i++
      else {
        const continued = continuation(text, i + 1)
        if (continued === undefined) return i + 1
        i = continued
      }
    }
  }
  return undefined
}

/** The offset of the quote that continues a literal: behind blanks and line comments with a line break among them. */
function continuation(text: string, from: number): number | undefined {
  let i = from
  let broken = false
  for (;;) {
    if (text[i] === '\n' || text[i] === '\r') broken = true
    if (/[ \t\n\r\f\v]/.test(text.charAt(i))) i++
    else if (text.startsWith('--', i)) i = endOfMatch(LINE_COMMENT.pg, text, i) ?? i
    else return broken && text[i] === "'" ? i : undefined
  }
}

/** The offset behind a block comment. PostgreSQL nests them, SQLite does not. */
function endOfComment(text: string, at: number, nests: boolean): number | undefined {
  if (!nests) return after(text, '*/', at + 2)
  let depth = 1
  for (let i = at + 2; i < text.length - 1; i++) {
    const pair = text.slice(i, i + 2)
    if (pair !== '/*' && pair !== '*/') continue
    depth += pair === '/*' ? 1 : -1
    i++
    if (depth === 0) return i + 1
  }
  return undefined
}
