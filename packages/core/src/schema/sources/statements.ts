import { isTrivia, tokenize, type Dialect, type Token } from '../../logic/sql/lexer.ts'

/** One statement of a script, without the `;` that ends it. */
export interface ScriptStatement {
  readonly text: string
  /** Where {@link text} begins in the script, in UTF-16 code units. */
  readonly offset: number
}

/**
 * Cuts a SQL script into statements, so that a failing one can be named by its line.
 *
 * A trigger of SQLite and a `begin atomic` function of Postgres stay whole. What cannot be read as SQL is left for the
 * database to refuse.
 */
export function splitStatements(script: string, dialect: Dialect): ScriptStatement[] {
  const statements: ScriptStatement[] = []
  let current: Token[] = []
  let depth = 0
  const finish = (): void => {
    const [first] = current
    const last = current.at(-1)
    if (first !== undefined && last !== undefined) statements.push({ text: script.slice(first.start, last.end), offset: first.start })
    current = []
    depth = 0
  }
  for (const token of tokenize(script, dialect)) {
    if (isTrivia(token)) continue
    if (token.text === ';' && depth === 0) {
      finish()
    } else {
      current.push(token)
      if (token.kind === 'word') depth = bodyDepth(depth, current, dialect)
    }
  }
  finish()
  return statements
}

/** How many `begin` and `case` are open behind the last word: a `;` inside one does not end the statement. */
function bodyDepth(depth: number, statement: readonly Token[], dialect: Dialect): number {
  const wordAt = (index: number): string | undefined => statement.at(index)?.text.toLowerCase()
  const word = wordAt(-1)
  if (depth > 0) return word === 'end' ? depth - 1 : word === 'case' ? depth + 1 : depth
  if (dialect === 'pg') return word === 'atomic' && wordAt(-2) === 'begin' ? 1 : 0
  return word === 'begin' && wordAt(0) === 'create' && (wordAt(1) === 'trigger' || wordAt(2) === 'trigger') ? 1 : 0
}
