import { isTrivia, tokenize, type Dialect, type Token } from '../../logic/sql/lexer.ts'

/** Reads a statement token by token. Blanks and comments are not there; letter case of words makes no difference. */
export class Cursor {
  #at = 0

  constructor(private readonly tokens: readonly Token[], readonly dialect: Dialect) {}

  static of(sql: string, dialect: Dialect): Cursor {
    return new Cursor(tokenize(sql, dialect).filter((token) => !isTrivia(token)), dialect)
  }

  get done(): boolean {
    return this.#at >= this.tokens.length
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.#at + ahead]
  }

  next(): Token | undefined {
    return this.tokens[this.#at++]
  }

  /** Whether these words or symbols come next. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, ahead) => isWord(this.peek(ahead), word))
  }

  /** Steps over these words or symbols, if they come next. */
  takes(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false
    this.#at += words.length
    return true
  }

  /** Steps over one of several sequences. The one that was there, joined by blanks. */
  takesOneOf(...choices: readonly string[]): string | undefined {
    return choices.find((choice) => this.takes(...choice.split(' ')))
  }

  /** An identifier as the database knows it: folded unless it is quoted. */
  identifier(): string | undefined {
    const token = this.peek()
    if (token === undefined || !['word', 'quoted'].includes(token.kind)) return undefined
    this.#at += 1
    return identifierOf(token, this.dialect)
  }

  /** `name` or `schema.name`. */
  name(): Name | undefined {
    const first = this.identifier()
    if (first === undefined) return undefined
    if (!this.takes('.')) return { name: first }
    const second = this.identifier()
    return second === undefined ? undefined : { schema: first, name: second }
  }

  /** What stands between the parentheses that open here; steps behind them. */
  group(): Cursor | undefined {
    if (!this.sees('(')) return undefined
    const start = this.#at
    this.skip()
    return new Cursor(this.tokens.slice(start + 1, this.#at - 1), this.dialect)
  }

  /** Steps over one token, or over a pair of parentheses with all that is in them. */
  skip(): void {
    let depth = 0
    do {
      const text = this.next()?.text
      if (text === '(') depth += 1
      if (text === ')') depth -= 1
    } while (depth > 0 && !this.done)
  }

  /** What is left, cut at the commas that stand in no parentheses. */
  items(): readonly Cursor[] {
    const cuts: Token[][] = [[]]
    let depth = 0
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token.text === '(') depth += 1
      if (token.text === ')') depth -= 1
      if (token.text === ',' && depth === 0) cuts.push([])
      else cuts.at(-1)?.push(token)
    }
    return cuts.map((cut) => new Cursor(cut, this.dialect))
  }

  /** Whether a word stands anywhere in what is left. */
  has(word: string): boolean {
    return this.tokens.slice(this.#at).some((token) => isWord(token, word))
  }
}

/** A name as it is written. */
export interface Name {
  readonly schema?: string
  readonly name: string
}

function isWord(token: Token | undefined, word: string): boolean {
  if (token === undefined) return false
  return token.kind === 'word' ? token.text.toLowerCase() === word : token.kind === 'symbol' && token.text === word
}

function identifierOf(token: Token, dialect: Dialect): string {
  if (token.kind === 'word') return dialect === 'pg' ? token.text.toLowerCase() : token.text
  const quote = token.text.at(-1) ?? ''
  return token.text.slice(1, -1).replaceAll(quote + quote, quote)
}
