import type { Dialect } from '../../logic/sql/lexer.ts'
import type { Risk } from '../contract.ts'

/** What it means for stored values that a column's type becomes another. */
export interface TypeVerdict {
  readonly risk: Risk
  readonly why: string
}

/**
 * Judges a change of type by what both types can hold.
 *
 * @param from as the catalogue writes it: `character varying(50)`, `numeric(10,2)`; for libsql the declared type in lower case.
 */
export function judgeTypeChange(from: string, to: string, dialect: Dialect): TypeVerdict {
  return dialect === 'pg' ? judgePostgres(from, to) : judgeLibsql(from, to)
}

const WIDENS = { risk: 'additive', why: 'widens the type; no row is rewritten' } as const
const REWRITES = { risk: 'locking', why: 'rewrites the table while nobody can use it' } as const

function judgePostgres(from: string, to: string): TypeVerdict {
  const narrows: TypeVerdict = { risk: 'data-losing', why: `${from} may hold what ${to} cannot` }
  const [before, after] = [parsePostgres(from), parsePostgres(to)]
  if (before.rest.includes('[]') !== after.rest.includes('[]')) return narrows
  const [integerBefore, integerAfter] = [INTEGERS.indexOf(before.base), INTEGERS.indexOf(after.base)]
  if (integerBefore !== -1 && integerAfter !== -1) return integerAfter >= integerBefore ? REWRITES : narrows
  if (integerBefore !== -1 && after.base === 'numeric') return holdsInteger(after, integerBefore) ? REWRITES : narrows
  if (before.base === 'real' && after.base === 'double precision') return REWRITES
  if (before.base === after.base && before.rest === after.rest) {
    if (after.sizes.length === 0) return before.sizes.length === 0 ? WIDENS : before.base === 'character' ? narrows : WIDENS
    if (before.sizes.length === 0) return narrows
    const [size = 0, scale = 0] = before.sizes
    const [newSize = 0, newScale = 0] = after.sizes
    if (before.base !== 'numeric') return newSize < size ? narrows : before.base === 'character' ? REWRITES : WIDENS
    if (newScale < scale || newSize - newScale < size - scale) return narrows
    return newScale === scale ? WIDENS : REWRITES
  }
  if (after.base === 'text' && before.base === 'character varying') return WIDENS
  if (after.base === 'character varying' && after.sizes.length === 0 && before.base === 'text') return WIDENS
  if (after.base === 'text' || (after.base === 'character varying' && after.sizes.length === 0)) return REWRITES
  if (after.base === 'jsonb' && before.base === 'json') return { risk: 'data-losing', why: 'jsonb keeps neither the order of keys nor doubled ones' }
  if (after.base === 'json' && before.base === 'jsonb') return REWRITES
  if (before.base === 'date' && after.base === 'timestamp') return REWRITES
  return narrows
}

const INTEGERS = ['smallint', 'integer', 'bigint']
/** Decimal digits of the largest value of each of {@link INTEGERS}. */
const INTEGER_DIGITS = [5, 10, 19]

function holdsInteger({ sizes }: PostgresType, integer: number): boolean {
  const [size, scale = 0] = sizes
  return size === undefined || size - scale >= (INTEGER_DIGITS[integer] ?? Infinity)
}

interface PostgresType {
  readonly base: string
  readonly sizes: readonly number[]
  /** `with time zone`, `[]`: what follows the size. */
  readonly rest: string
}

function parsePostgres(type: string): PostgresType {
  const [, base = type, sizes = '', rest = ''] = /^([^(]+?)(?:\(([\d,\s]+)\))?((?: with(?:out)? time zone)?(?:\[\])*)$/.exec(type) ?? []
  return { base, sizes: sizes === '' ? [] : sizes.split(',').map(Number), rest }
}

/** SQLite converts what is stored only by a type's affinity (https://www.sqlite.org/datatype3.html, section 3.1). */
function judgeLibsql(from: string, to: string): TypeVerdict {
  const [before, after] = [affinityOf(from), affinityOf(to)]
  if (before === after || after === 'blob' || (before !== 'blob' && after === 'text')) {
    return { risk: 'locking', why: 'rebuilds the table; every value stays what it is' }
  }
  if (before === 'integer' && after === 'numeric') return { risk: 'locking', why: 'rebuilds the table; every value stays what it is' }
  return { risk: 'data-losing', why: `values stored as ${from === '' ? 'any type' : from} are converted to ${to}, and some cannot be` }
}

function affinityOf(type: string): 'integer' | 'text' | 'blob' | 'real' | 'numeric' {
  if (type.includes('int')) return 'integer'
  if (/char|clob|text/.test(type)) return 'text'
  if (type === '' || type.includes('blob')) return 'blob'
  return /real|floa|doub/.test(type) ? 'real' : 'numeric'
}
