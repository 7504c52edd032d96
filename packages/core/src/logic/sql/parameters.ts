import type { Binding } from '@santokit/bridge/manifest'
import { nearest } from '../../diagnostics/index.ts'
import type { Problem } from '../source.ts'
import { isTrivia, type Dialect, type Token } from './lexer.ts'

/** A statement whose parameters are positions. */
export interface BoundStatement {
  readonly text: string
  readonly bindings: readonly Binding[]
  readonly problems: readonly Problem[]
  /** Where each token that is left stands in {@link text}, in order. */
  readonly placed: readonly { readonly at: number; readonly token: Token }[]
}

/**
 * Writes `$1…` (pg) or `?1…` (libsql) for every parameter and leaves everything else as it is, but for a blank where a
 * placeholder would grow together with its neighbour.
 *
 * @param tokens one statement.
 * @param declared the names the front matter declares.
 */
export function bindParameters(tokens: readonly Token[], dialect: Dialect, declared: readonly string[]): BoundStatement {
  const parameters = findParameters(tokens, dialect, new Set(declared))
  const positions = new Map<string, number>()
  const bindings: Binding[] = []
  const problems: Problem[] = []
  const placed: { readonly at: number; readonly token: Token }[] = []
  let text = ''
  for (const [index, token] of tokens.entries()) {
    if (!parameters.has(token)) {
      problems.push(...foreignProblems(token, dialect))
      placed.push({ at: text.length, token })
      text += token.text
      continue
    }
    const binding = readBinding(token.text)
    const problem = bindingProblem(token, binding, declared)
    if (problem !== undefined || binding === undefined) {
      if (problem !== undefined) problems.push(problem)
      continue
    }
    const key = JSON.stringify(binding)
    const position = positions.get(key) ?? bindings.push(binding)
    positions.set(key, position)
    const following = tokens[index + 1]?.text ?? ''
    const placeholder = `${dialect === 'pg' ? '$' : '?'}${position}`
    if (GLUES.test(text.at(-1) ?? '')) text += ' '
    placed.push({ at: text.length, token })
    text += `${placeholder}${GLUES.test(following.charAt(0)) ? ' ' : ''}`
  }
  return { text, bindings, problems, placed }
}

/** What a lexer would take for a part of the placeholder, or the placeholder for a part of. */
const GLUES = /[A-Za-z0-9_$\u0080-\uffff]/

/**
 * The `:name` tokens that are parameters.
 *
 * In PostgreSQL a colon also parts the bounds of an array slice and the key from the value in `json_object`. There,
 * behind a whole operand, `:name` is that colon and a column (`a[1:n]`); right behind the opening bracket of a subscript
 * it is a parameter only if it is declared (`a[:n]`); elsewhere it is always a parameter (`a[1 + :n]`, `array[:n]`).
 */
function findParameters(tokens: readonly Token[], dialect: Dialect, declared: ReadonlySet<string>): ReadonlySet<Token> {
  const significant = tokens.filter((token) => !isTrivia(token))
  if (dialect === 'libsql') return new Set(significant.filter((token) => token.kind === 'named'))
  const parameters = new Set<Token>()
  const open: Bracket[] = []
  for (const [index, token] of significant.entries()) {
    const before = significant[index - 1]
    if (token.text === '[') open.push(isOperand(before) && !isKeyword(before, 'array') ? 'subscript' : 'plain')
    else if (token.text === '(') open.push(isKeyword(before, 'json_object', 'json_objectagg') ? 'members' : 'plain')
    else if (token.text === ']' || token.text === ')') open.pop()
    else if (token.kind === 'named') {
      const bracket = open.at(-1) ?? 'plain'
      const behindOperand = bracket !== 'plain' && isOperand(before)
      const openSlice = bracket === 'subscript' && before?.text === '[' && !isAuth(token.text) && !declared.has(token.text.slice(1))
      if (!behindOperand && !openSlice) parameters.add(token)
    }
  }
  return parameters
}

type Bracket = 'plain' | 'subscript' | 'members'

/** True for the last token of something that has a value. */
function isOperand(token: Token | undefined): boolean {
  if (token === undefined) return false
  if (token.kind === 'symbol') return token.text === ')' || token.text === ']'
  return token.kind !== 'word' || !OPERATOR_WORDS.has(token.text.toLowerCase())
}

/** Keywords an operand follows. */
const OPERATOR_WORDS = new Set([
  'all', 'and', 'any', 'between', 'by', 'case', 'collate', 'distinct', 'else', 'escape', 'from', 'having', 'ilike', 'in',
  'is', 'like', 'limit', 'not', 'offset', 'on', 'or', 'select', 'similar', 'some', 'symmetric', 'then', 'to', 'using', 'value',
  'values', 'when', 'where',
])

function isKeyword(token: Token | undefined, ...keywords: readonly string[]): boolean {
  return token?.kind === 'word' && keywords.includes(token.text.toLowerCase())
}

function isAuth(text: string): boolean {
  return text === ':auth' || text.startsWith(':auth.')
}

/** What a `:name` token asks for, or `undefined` if it names nothing there is. */
function readBinding(text: string): Binding | undefined {
  if (!isAuth(text)) return { from: 'param', name: text.slice(1) }
  const [, ...path] = [...text.matchAll(/[^.":]+|"((?:[^"]|"")+)"/g)].map(([part, quoted]) => quoted?.replaceAll('""', '"') ?? part)
  const [root] = path
  const complete = root === 'claims' ? path.length > 1 : (root === 'sub' || root === 'roles') && path.length === 1
  return complete ? { from: 'auth', path } : undefined
}

function bindingProblem(token: Token, binding: Binding | undefined, declared: readonly string[]): Problem | undefined {
  const { start, end, text } = token
  if (binding === undefined) {
    return {
      code: 'STK2002',
      why: `"${text}" is nothing a token carries.`,
      fix: 'Write `:auth.sub`, `:auth.roles` or `:auth.claims.<name>`; a name with other characters stands in double quotes.',
      start,
      end,
    }
  }
  if (binding.from === 'auth' || declared.includes(binding.name)) return undefined
  const near = nearest(binding.name, [...declared, 'auth'])
  const hint = near === undefined ? '' : near === 'auth' ? ' Did you mean ":auth"?' : ` Did you mean ":${near}"?`
  return {
    code: 'STK2002',
    why: `":${binding.name}" is not declared.${hint}`,
    fix: `Declare it in the front matter: \`params: { ${binding.name}: string }\`.`,
    start,
    end,
  }
}

/** What only another dialect or a driver understands. */
function foreignProblems(token: Token, dialect: Dialect): readonly Problem[] {
  const { start, end, text } = token
  if (token.kind === 'placeholder') {
    const why = `"${text}" is a placeholder of the driver's. A logic names its parameters.`
    return [{ code: 'STK2010', why, fix: 'Declare a parameter in the front matter and write `:name`.', start, end }]
  }
  if (dialect === 'libsql' && text === '::') {
    return [{ code: 'STK2010', why: 'SQLite has no `::`.', fix: 'Write `cast(value as type)`.', start, end }]
  }
  return []
}
