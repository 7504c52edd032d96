import { isTrivia, nameOf, tokenize, type Token } from '@santokit/core/schema'

type Dialect = Parameters<typeof tokenize>[1]

/** What a planned statement is about, as far as its first words tell. */
export interface StatementHead {
  readonly verb: string
  /** `table`, `index`, `type`, `materialized view`, …; in lower case, without `unique`, `if exists` and the like. */
  readonly kind: string
  /** As it is written, with quotes and schema: `"public"."users"`. */
  readonly written: string
  /** The same as the catalogue has it: `public.users`. */
  readonly name: string
  /** For an index: its table. */
  readonly on?: { readonly written: string; readonly name: string }
}

const NOISE: ReadonlySet<string> = new Set(['unique', 'if', 'not', 'exists', 'concurrently', 'or', 'replace', 'temp', 'temporary', 'only', 'virtual'])
const PREFIXES: ReadonlySet<string> = new Set(['materialized', 'foreign'])

/** Reads the beginning of a `create`, `alter` or `drop`. `undefined` for anything else. */
export function readHead(sql: string, dialect: Dialect): StatementHead | undefined {
  const tokens = tokenize(sql, dialect).filter((token) => !isTrivia(token))
  const word = (at: number): string | undefined => (tokens[at]?.kind === 'word' ? tokens[at].text.toLowerCase() : undefined)
  const verb = word(0)
  if (verb !== 'create' && verb !== 'alter' && verb !== 'drop') return undefined
  let at = 1
  const skip = (): void => { while (NOISE.has(word(at) ?? '')) at += 1 }
  skip()
  let kind = word(at) ?? ''
  at += 1
  if (PREFIXES.has(kind)) kind += ` ${word(at++) ?? ''}`
  skip()
  const subject = readName(tokens, at)
  if (subject === undefined) return undefined
  const head = { verb, kind, written: subject.written, name: subject.name }
  if (kind !== 'index' || word(subject.next) !== 'on') return head
  at = subject.next + 1
  skip()
  const on = readName(tokens, at)
  return on === undefined ? head : { ...head, on: { written: on.written, name: on.name } }
}

function readName(tokens: readonly Token[], from: number): { readonly written: string; readonly name: string; readonly next: number } | undefined {
  const parts: Token[] = []
  let at = from
  for (;;) {
    const token = tokens[at]
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'quoted')) return undefined
    parts.push(token)
    if (tokens[at + 1]?.text !== '.') break
    at += 2
  }
  return { written: parts.map(({ text }) => text).join('.'), name: parts.map(nameOf).join('.'), next: at + 1 }
}

/** An identifier in quotes, as SQL has them in both dialects. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
