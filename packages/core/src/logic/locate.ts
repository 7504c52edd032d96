import type { SqlLogicEntry } from '@santokit/bridge/manifest'
import { findFrontMatter } from './front-matter/block.ts'
import { withoutBom } from './source.ts'
import { tokenize, type Dialect, type Token } from './sql/lexer.ts'
import { bindParameters, type BoundStatement } from './sql/parameters.ts'
import { findStatement } from './sql/statement.ts'

/** What a database points at in a compiled statement: an offset in code units, a name that is wrong wherever it stands, or a token. */
export type Spot = { readonly offset: number } | { readonly name: string } | { readonly token: string }

/**
 * Finds in a logic's file what a database points at in the statement that was compiled from it. A token that stands there
 * more than once may be meant at either place, so that the statement's beginning is all that can be said.
 *
 * @param text the file's.
 * @returns offsets into `text` without its byte order mark, or `undefined` if the statement is not this file's any more.
 */
export function locate(
  text: string, entry: Pick<SqlLogicEntry, 'text' | 'inputs'>, dialect: Dialect, spot: Spot | undefined,
): { readonly start: number; readonly end: number } | undefined {
  const file = withoutBom(text)
  const layout = findFrontMatter(file)
  if ('problem' in layout) return undefined
  const found = findStatement(tokenize(file, dialect, layout.body), dialect)
  if ('problem' in found) return undefined
  const bound = bindParameters(found.statement.tokens, dialect, entry.inputs.map(({ name }) => name))
  const [first] = found.statement.significant
  if (bound.text !== entry.text || first === undefined) return undefined
  return (spot && find(spot, found.statement.significant, bound)) ?? first
}

function find(spot: Spot, significant: readonly Token[], { placed }: Pick<BoundStatement, 'placed'>): Token | undefined {
  if ('offset' in spot) return placed.findLast(({ at }) => at <= spot.offset)?.token
  if ('name' in spot) return tokenNamed(significant, spot.name)
  const [only, ...others] = significant.filter(({ text }) => text === spot.token)
  return others.length === 0 ? only : undefined
}

/** The token that ends `name`, which may be `alias.column`. */
function tokenNamed(significant: readonly Token[], name: string): Token | undefined {
  const parts = name.toLowerCase().split('.')
  return significant.find((_, index) => parts.every((part, position) => {
    const at = index - 2 * (parts.length - 1 - position)
    return plain(significant[at]) === part && (position === 0 || significant[at - 1]?.text === '.')
  }))
}

function plain(token: Token | undefined): string | undefined {
  return (token?.kind === 'quoted' ? token.text.slice(1, -1) : token?.text)?.toLowerCase()
}
