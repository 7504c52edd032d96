import type { SqlResult } from '../../../manifest/format.ts'
import { refuseCount } from '../../answer.ts'
import { DatabaseError } from '../../driver.ts'
import type { TypeCatalogue } from '../type-catalogue.ts'
import { asText, wireForm, type Decode, type WireForm } from '../types.ts'
import { changedRows, type Column } from '../wire/server-messages.ts'
import { JsonText } from './json-text.ts'
import type { Rows } from './rows.ts'

/** How one column of a row is written. */
interface ColumnWriter {
  /** What stands before the value: `{"name":` or `,"name":`. Empty for a column that a later one of the same name hides. */
  readonly before: Uint8Array
  readonly hidden: boolean
  readonly form: WireForm
  readonly decode: Decode
}

const NULL = Buffer.from('null')
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const ZERO = Buffer.from('0')

/** Made once for what a prepared statement gives. */
const compiled = new WeakMap<readonly Column[], readonly ColumnWriter[]>()

/** Writes rows as JSON while they arrive, in the shape that a SQL logic declared. */
export class JsonRows implements Rows<string> {
  readonly #text = JsonText.take()
  #count = 0
  #over = false

  /** @param maxBytes past which the text is given up. */
  constructor(private readonly result: SqlResult, private readonly types: TypeCatalogue, private readonly maxBytes = Infinity) {}

  row(bytes: Buffer, at: number, columns: readonly Column[]): void {
    // A statement that was given up may still send rows, and the text is somebody else's by then.
    if (this.#over) return
    this.#count++
    if (this.result === 'affected') return
    if (this.result === 'rows') this.#text.byte(this.#count === 1 ? 0x5b : 0x2c)
    else if (this.#count > 1) return
    const writers = compiled.get(columns) ?? this.#compile(columns)
    if (this.#text.length > this.maxBytes) throw new DatabaseError('too_large', `The answer has more than ${this.maxBytes} bytes.`)
    if (this.result !== 'value') writeRow(this.#text, writers, bytes, at)
    else if (writers[0] !== undefined) writeValue(this.#text, writers[0], bytes, at + 6, bytes.readInt32BE(at + 2))
  }

  /**
   * The whole answer.
   *
   * @throws DatabaseError `no_row` when there is none and one is needed, `row_count` when there are more than that.
   */
  finish(_columns: readonly Column[], tag: string): string {
    this.#over = true
    const count = this.#count
    const { result } = this
    if (result === 'rows' && count > 0) {
      this.#text.byte(0x5d)
      return this.#text.finish()
    }
    if (count === 1 && result !== 'affected') return this.#text.finish() || 'null'
    this.#text.discard()
    if (result === 'affected') return String(changedRows(tag))
    if (result === 'rows') return '[]'
    if (result === 'row?' && count === 0) return 'null'
    return refuseCount(count, result === 'row?' ? 'one row at most' : 'exactly one row')
  }

  discard(): void {
    if (!this.#over) this.#text.discard()
    this.#over = true
  }

  #compile(columns: readonly Column[]): readonly ColumnWriter[] {
    const last = new Map(columns.map(({ name }, at) => [name, at]))
    let first = true
    const writers = columns.map(({ name, type }, at): ColumnWriter => {
      const hidden = last.get(name) !== at
      const before = hidden ? '' : `${first ? '{' : ','}${JSON.stringify(name)}:`
      if (!hidden) first = false
      return { before: Buffer.from(before), hidden, form: wireForm(type), decode: this.types.decodeOf(type) ?? asText }
    })
    compiled.set(columns, writers)
    return writers
  }
}

function writeRow(text: JsonText, writers: readonly ColumnWriter[], bytes: Buffer, at: number): void {
  let from = at + 2
  for (const writer of writers) {
    const length = bytes.readInt32BE(from)
    from += 4
    if (!writer.hidden) {
      text.verbatim(writer.before, 0, writer.before.length)
      writeValue(text, writer, bytes, from, length)
    }
    if (length > 0) from += length
  }
  // A statement may well give rows without columns.
  if (writers.length === 0) text.byte(0x7b)
  text.byte(0x7d)
}

/** The same as `JSON.stringify` of the decoded value, without the value. */
function writeValue(text: JsonText, { form, decode }: ColumnWriter, bytes: Buffer, from: number, length: number): void {
  if (length === -1) return text.verbatim(NULL, 0, 4)
  const to = from + length
  switch (form) {
    case 'number': return text.verbatim(bytes, from, to)
    case 'plain': return text.plain(bytes, from, to)
    case 'text': return text.text(bytes, from, to)
    case 'json': return text.document(bytes, from, to)
    case 'boolean': return bytes[from] === 0x74 ? text.verbatim(TRUE, 0, 4) : text.verbatim(FALSE, 0, 5)
    case 'float': return writeFloat(text, bytes, from, to)
    case 'timestamp': case 'timestamptz':
      if (bytes[from + 10] === 0x20 && writeTimestamp(text, form, bytes, from, to)) return
  }
  text.json(JSON.stringify(decode(bytes.toString('utf8', from, to))))
}

function writeFloat(text: JsonText, bytes: Buffer, from: number, to: number): void {
  const digit = bytes[bytes[from] === 0x2d ? from + 1 : from] as number
  // NaN and Infinity.
  if (digit > 0x39) return text.plain(bytes, from, to)
  if (bytes[from] === 0x2d && digit === 0x30 && to === from + 2) return text.verbatim(ZERO, 0, 1)
  text.verbatim(bytes, from, to)
}

/** `2024-05-06 07:08:09.123456+00`, with a year of four digits and in UTC; false if it is anything else. */
function writeTimestamp(text: JsonText, form: 'timestamp' | 'timestamptz', bytes: Buffer, from: number, to: number): boolean {
  const last = bytes[to - 1] as number
  let end = to
  if (form === 'timestamptz') {
    // +00
    if (last !== 0x30 || bytes[to - 2] !== 0x30 || bytes[to - 3] !== 0x2b) return false
    end -= 3
  } else if (last > 0x39) return false
  text.byte(0x22)
  text.verbatim(bytes, from, from + 10)
  text.byte(0x54)
  text.verbatim(bytes, from + 11, end)
  if (form === 'timestamptz') text.byte(0x5a)
  text.byte(0x22)
  return true
}
