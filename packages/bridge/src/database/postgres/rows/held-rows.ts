import type { TypeCatalogue } from '../type-catalogue.ts'
import type { RowSink } from '../wire/exchange.ts'
import type { Column } from '../wire/server-messages.ts'

/** Passes rows on, but for those with a type that has to be looked up first: these it keeps as they came, until it is known. */
export class HeldRows implements RowSink {
  #held: Buffer[] | undefined

  constructor(private readonly sink: RowSink, private readonly types: TypeCatalogue) {}

  row(bytes: Buffer, at: number, columns: readonly Column[]): void {
    // What is learnt while rows come does not let those that are kept be overtaken.
    if (this.#held === undefined && this.types.knows(columns)) this.sink.row(bytes, at, columns)
    else (this.#held ??= []).push(Buffer.from(bytes.subarray(at, endOfRow(bytes, at))))
  }

  /** True if rows wait for types to become known. */
  get waits(): boolean {
    return this.#held !== undefined
  }

  /** Passes on what was kept. */
  release(columns: readonly Column[]): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const row of held) this.sink.row(row, 0, columns)
  }
}

function endOfRow(bytes: Buffer, at: number): number {
  let end = at + 2
  for (let left = bytes.readInt16BE(at); left > 0; left--) end += 4 + Math.max(0, bytes.readInt32BE(end))
  return end
}
