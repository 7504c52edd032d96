import type { Answer } from '../../answer.ts'
import { asText } from '../types.ts'
import type { TypeCatalogue } from '../type-catalogue.ts'
import { changedRows, type Column } from '../wire/server-messages.ts'
import type { Rows } from './rows.ts'

/** Collects rows as the values that handlers see. */
export class ValueRows implements Rows<Answer> {
  readonly #rows: unknown[][] = []

  constructor(private readonly types: TypeCatalogue) {}

  row(bytes: Buffer, at: number, columns: readonly Column[]): void {
    const row: unknown[] = []
    let from = at + 2
    for (const { type } of columns) {
      const length = bytes.readInt32BE(from)
      from += 4
      if (length === -1) {
        row.push(null)
        continue
      }
      const decode = this.types.decodeOf(type) ?? asText
      row.push(decode(bytes.toString('utf8', from, from + length)))
      from += length
    }
    this.#rows.push(row)
  }

  finish(columns: readonly Column[], tag: string): Answer {
    return { columns: columns.map(({ name }) => name), rows: this.#rows, changed: changedRows(tag) }
  }

  discard(): void {}
}
