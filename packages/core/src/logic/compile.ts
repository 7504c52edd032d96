import { paramsJsonSchema, type Binding, type JsonSchema, type SqlLogicEntry, type SqlResult } from '@santokit/bridge/manifest'
import { suggestion, throwAll, type StkError } from '../diagnostics/index.ts'
import { findFrontMatter } from './front-matter/block.ts'
import { DEFAULTS, readFrontMatter, type FrontMatter } from './front-matter/front-matter.ts'
import type { Placed } from './front-matter/keys.ts'
import { isParamName } from './front-matter/params.ts'
import { problemIn, stopAt, withoutBom, type Problem, type SourceFile } from './source.ts'
import { isTrivia, tokenize, type Dialect, type Token } from './sql/lexer.ts'
import { bindParameters } from './sql/parameters.ts'
import { findStatement, givesNoRows, onlyReads } from './sql/statement.ts'

/** A SQL logic as it was read from disk. */
export interface SqlSource {
  /** The name it is called by: `orders/list`. */
  readonly path: string
  /** Below the project root, with `/`: `logic/orders/list.sql`. */
  readonly source: string
  /** The file as messages name it: relative to the repository root. */
  readonly displayFile: string
  readonly text: string
  /** The `name.yaml` beside it, which then holds the front matter. */
  readonly twin?: { readonly displayFile: string; readonly text: string }
  readonly private: boolean
}

/** What a logic is compiled against. */
export interface CompileScope {
  readonly databases: { readonly [alias: string]: { readonly driver: Dialect } }
}

/**
 * Compiles a SQL logic into its manifest entry. `access` is the file's own; permissions are laid over it later.
 *
 * @throws StkError STK2001, STK2002, STK2003, STK2004, STK2010, STK2011 or STK2012: all that were found, together, each at
 *   its place in the file.
 */
export function compileSql(source: SqlSource, scope: CompileScope): SqlLogicEntry {
  const file: SourceFile = { file: source.displayFile, text: withoutBom(source.text) }
  const { frontMatter, readable, head, body, errors } = readHead(file, source.twin)
  const inHead = (problem: Problem): StkError => problemIn(head, problem)
  const inBody = (problem: Problem): StkError => problemIn(file, problem)

  const database = chooseDatabase(frontMatter, scope)
  if ('problem' in database) stopAt(inHead(database.problem), errors)
  const found = findBody(file.text, body, database.dialect)
  if ('problem' in found) stopAt(inBody(found.problem), errors)

  const { tokens, significant } = found.statement
  const bound = bindParameters(tokens, database.dialect, frontMatter.declared.map(({ name }) => name))
  const readOnly = onlyReads(significant)
  // With unreadable front matter nothing is declared, which would only raise false alarms.
  if (readable) {
    errors.push(...bound.problems.map(inBody))
    errors.push(...unusedParams(frontMatter, bound.bindings, tokens).map(inHead))
    errors.push(...contradictions(frontMatter, significant, bound.bindings).map(inHead))
  }
  throwAll(errors)

  const { access, inputs, result, cache, description, timeout } = frontMatter
  return {
    kind: 'sql',
    access,
    private: source.private,
    source: source.source,
    ...(description === undefined ? {} : { description }),
    params: paramsJsonSchema(inputs),
    returns: RETURNS[result.value],
    ...(cache === undefined ? {} : { cache: cache.value }),
    ...(timeout === undefined ? {} : { timeout }),
    database: database.alias,
    text: bound.text,
    bindings: bound.bindings,
    inputs,
    result: result.value,
    readOnly,
  }
}

const RETURNS: Readonly<Record<SqlResult, JsonSchema>> = {
  rows: { type: 'array', items: { type: 'object' } },
  row: { type: 'object' },
  'row?': { type: ['object', 'null'] },
  value: {},
  affected: { type: 'integer' },
}

interface Head {
  readonly frontMatter: FrontMatter
  /** False if the front matter is so broken that nothing follows from it. */
  readonly readable: boolean
  /** The file the front matter stands in. */
  readonly head: SourceFile
  /** Where the SQL begins in the SQL file. */
  readonly body: number
  readonly errors: StkError[]
}

function readHead(file: SourceFile, twin: SqlSource['twin']): Head {
  const layout = findFrontMatter(file.text)
  if ('problem' in layout) stopAt(problemIn(file, layout.problem), [])
  const { block, body } = layout
  const head = twin === undefined ? file : { file: twin.displayFile, text: withoutBom(twin.text) }
  const place = twin === undefined ? block?.yaml : { start: 0, end: head.text.length }
  if (place === undefined) return { frontMatter: DEFAULTS, readable: true, head, body, errors: [] }
  const { frontMatter, problems, readable } = readFrontMatter(head.text, place)
  const errors = problems.map((problem) => problemIn(head, problem))
  if (twin !== undefined && block !== undefined) {
    const why = `There is front matter here and in ${head.file}.`
    errors.unshift(problemIn(file, { code: 'STK2001', why, fix: 'Keep one of them.', ...block.fence }))
  }
  return { frontMatter, readable, head, body, errors }
}

/** The alias a logic runs on: the one it names, else `main`, else the only one. */
function chooseDatabase(
  { database }: FrontMatter,
  { databases }: CompileScope,
): { readonly alias: string; readonly dialect: Dialect } | { readonly problem: Problem } {
  const aliases = Object.keys(databases)
  const alias = database?.value ?? (aliases.length === 1 ? aliases[0] : 'main')
  const entry = alias !== undefined && Object.hasOwn(databases, alias) ? databases[alias] : undefined
  if (alias !== undefined && entry !== undefined) return { alias, dialect: entry.driver }
  if (aliases.length === 0) {
    const why = 'The project has no database, which a SQL logic needs.'
    return { problem: { code: 'STK2004', why, fix: 'Declare one under `databases` in the config.', start: 0, end: 0 } }
  }
  if (database === undefined) {
    const why = `The logic does not say which database it means, and there is no \`main\`. There is: ${aliases.join(', ')}.`
    return { problem: { code: 'STK2004', why, fix: `Write \`database: ${aliases[0]}\` into its front matter.`, start: 0, end: 0 } }
  }
  const why = `There is no database "${database.value}". ${suggestion(database.value, aliases)}`
  return { problem: { code: 'STK2004', why, start: database.start, end: database.end } }
}

function findBody(text: string, from: number, dialect: Dialect): ReturnType<typeof findStatement> {
  const tokens = tokenize(text, dialect, from)
  const first = tokens.findIndex((token) => !isTrivia(token))
  const stray = tokens.slice(0, first === -1 ? undefined : first).find((token) => FENCE.test(token.text))
  if (stray === undefined) return findStatement(tokens, dialect)
  const why = from === 0 ? 'Front matter stands at the very top of the file.' : 'There is front matter already.'
  return { problem: { code: 'STK2001', why, fix: from === 0 ? 'Move it there.' : 'Keep one.', start: stray.start, end: stray.end } }
}

/** A comment that was meant as front matter. */
const FENCE = /^(?:---[ \t]*$|\/\*\s*---\s)/

function unusedParams(frontMatter: FrontMatter, bindings: readonly Binding[], tokens: readonly Token[]): readonly Problem[] {
  const used = new Set(bindings.map((binding) => (binding.from === 'param' ? binding.name : undefined)))
  // A name that cannot be a parameter's has been reported as such.
  const unused = frontMatter.declared.filter(({ name }) => isParamName(name) && !used.has(name))
  return unused.map(({ name, start, end }) => {
    const asText = tokens.some(({ kind, text }) => TEXT_KINDS.has(kind) && names(text, name))
    return {
      code: 'STK2003',
      why: `"${name}" is declared, but the statement never uses it.${asText ? ` \`:${name}\` in quotes or a comment is text.` : ''}`,
      fix: asText ? `Join it to the text instead: \`'…' || :${name}\`.` : `Use \`:${name}\` or remove the declaration.`,
      start,
      end,
    }
  })
}

/** True if `text` holds `:name`. */
function names(text: string, name: string): boolean {
  return text.split(`:${name}`).slice(1).some((rest) => !/^\w/.test(rest))
}

const TEXT_KINDS: ReadonlySet<string> = new Set(['string', 'quoted', 'comment'])

/** What the front matter promises and the statement cannot keep. */
function contradictions(
  { access, cache, result }: FrontMatter,
  significant: readonly Token[],
  bindings: readonly Binding[],
): readonly Problem[] {
  const problems: Problem[] = []
  const refuse = (code: Problem['code'], why: string, fix: string, { start, end }: Placed<unknown>): void => {
    problems.push({ code, why, fix, start, end })
  }
  if (cache !== undefined && access !== 'public') {
    refuse('STK2012', 'Only public logic is cached.', 'Write `access: public`, or remove `cache`.', cache)
  } else if (cache !== undefined && bindings.some(({ from }) => from === 'auth')) {
    refuse('STK2012', 'The statement asks who calls, so its answer is not for everyone.', 'Remove `cache`.', cache)
  } else if (cache !== undefined && !onlyReads(significant)) {
    refuse('STK2012', 'The statement is not known to only read.', 'Remove `cache`.', cache)
  }
  if (['row', 'row?', 'value'].includes(result.value) && givesNoRows(significant)) {
    const why = `Without \`returning\` the statement gives no row for \`returns: ${result.value}\`.`
    refuse('STK2001', why, 'Add a `returning` clause, or write `returns: affected`.', result)
  }
  return problems
}
