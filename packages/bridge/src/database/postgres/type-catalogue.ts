import { arrayDecode, asText, builtInDecode, type Decode } from './types.ts'
import { bindForPostgres } from './values.ts'
import type { Statement } from './wire/exchange.ts'
import type { Column } from './wire/server-messages.ts'

/** Asks the database, and gives rows as values. */
export type Ask = (statement: Statement) => Promise<readonly (readonly unknown[])[]>

/** What the database says about types that this driver does not know: whether they are arrays, and of what. */
export class TypeCatalogue {
  readonly #decodes = new Map<number, Decode>()
  /** Those whose types are all known: what a prepared statement gives is asked for with every call. */
  readonly #known = new WeakSet<readonly Column[]>()

  /** How values of a type are read; `undefined` for one that {@link learn} has not been told of. */
  decodeOf(oid: number): Decode | undefined {
    let decode = this.#decodes.get(oid)
    if (decode === undefined) {
      decode = builtInDecode(oid)
      if (decode !== undefined) this.#decodes.set(oid, decode)
    }
    return decode
  }

  /** True if no type among the columns has to be looked up. */
  knows(columns: readonly Column[]): boolean {
    if (this.#known.has(columns)) return true
    if (this.unknownOf(columns).length > 0) return false
    this.#known.add(columns)
    return true
  }

  /** The types among the columns that have to be looked up. */
  unknownOf(columns: readonly Column[]): number[] {
    return columns.map(({ type }) => type).filter((type) => this.decodeOf(type) === undefined)
  }

  /** Looks up the types of columns, each once. What is no array is its text: enums, ranges, composites. */
  async learn(columns: readonly Column[], ask: Ask): Promise<void> {
    const unknown = this.unknownOf(columns)
    if (unknown.length === 0) return
    const found = await ask({ text: ELEMENTS, values: bindForPostgres([unknown]) })
    for (const oid of unknown) this.#decodes.set(oid, asText)
    for (const [oid, element, delimiter] of found as readonly [number, number, string][]) {
      // An element may itself be an array, through a domain; one that is not built in is its text.
      this.#decodes.set(oid, arrayDecode(builtInDecode(element) ?? asText, delimiter))
    }
  }
}

/** Arrays among types, what their elements rest on (a domain may rest on a domain), and what stands between two of them. */
const ELEMENTS = `
  with recursive element (array_type, type, delimiter) as (
    select a.oid, a.typelem, e.typdelim
    from pg_catalog.pg_type a join pg_catalog.pg_type e on e.oid = a.typelem
    where a.oid = any($1::oid[]) and (a.typcategory = 'A' or a.oid = 2287)
    union all
    select element.array_type, t.typbasetype, element.delimiter
    from element join pg_catalog.pg_type t on t.oid = element.type where t.typbasetype <> 0
  )
  select element.array_type, element.type, element.delimiter
  from element join pg_catalog.pg_type t on t.oid = element.type where t.typbasetype = 0`
