import type { Answer } from '../answer.ts'
import type { Session } from './session.ts'
import { arrayDecode, asText, builtInDecode, type Decode } from './types.ts'
import { bindForPostgres } from './values.ts'
import type { RawAnswer } from './wire-query.ts'

/** What the database says about types that this driver does not know: whether they are arrays, and of what. */
export class TypeCatalogue {
  readonly #decodes = new Map<number, Decode>()

  /** Decodes the columns of types that are not built in, such as arrays of an enum. Asks for each such type once. */
  async decode(answer: RawAnswer, session: Session, signal: AbortSignal): Promise<Answer> {
    const foreign = answer.types.flatMap((oid, column) => (builtInDecode(oid) === undefined ? [{ oid, column }] : []))
    if (foreign.length === 0 || answer.rows.length === 0) return answer
    await this.#learn(foreign.map((field) => field.oid), session, signal)
    for (const { oid, column } of foreign) {
      const decode = this.#decodes.get(oid) ?? asText
      if (decode === asText) continue
      for (const row of answer.rows as unknown[][]) {
        const text = row[column]
        if (typeof text === 'string') row[column] = decode(text)
      }
    }
    return answer
  }

  async #learn(oids: readonly number[], session: Session, signal: AbortSignal): Promise<void> {
    const unknown = oids.filter((oid) => !this.#decodes.has(oid))
    if (unknown.length === 0) return
    const found = await session.run([{
      // An array of a domain is an array of what the domain rests on.
      text: `select a.oid, coalesce(nullif(e.typbasetype, 0), e.oid)
             from pg_catalog.pg_type a join pg_catalog.pg_type e on e.oid = a.typelem
             where a.oid = any($1) and a.typcategory = 'A'`,
      values: bindForPostgres([unknown]),
    }], signal)
    for (const oid of unknown) this.#decodes.set(oid, asText)
    for (const [oid, element] of found.rows as readonly [number, number][]) this.#decodes.set(oid, arrayDecode(element))
  }
}
