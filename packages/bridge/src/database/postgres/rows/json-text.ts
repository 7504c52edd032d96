import { exactJson } from '../exact-json.ts'

const ROOM = 16 * 1024
/** A longer buffer is not kept for the next answer. */
const KEPT = 256 * 1024
/** As many empty texts are kept. */
const SPARE = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * JSON text as it is written, in UTF-8. Values are copied byte by byte from what the database sent: a loop over a few bytes
 * costs less than making a string of them, and the whole text becomes one string at the end.
 */
export class JsonText {
  static readonly #spare: JsonText[] = []
  #bytes = Buffer.allocUnsafe(ROOM)
  #at = 0
  /** All bytes, or-ed: below 0x80 if the text is ASCII. */
  #seen = 0

  /** An empty text. Give it back by {@link finish} or {@link discard}. */
  static take(): JsonText {
    return JsonText.#spare.pop() ?? new JsonText()
  }

  /** Bytes so far. */
  get length(): number {
    return this.#at
  }

  /** The text, which ends here. */
  finish(): string {
    const text = this.#bytes.toString(this.#seen < 0x80 ? 'latin1' : 'utf8', 0, this.#at)
    this.discard()
    return text
  }

  discard(): void {
    this.#at = this.#seen = 0
    if (this.#bytes.length <= KEPT && JsonText.#spare.length < SPARE) JsonText.#spare.push(this)
  }

  byte(byte: number): void {
    this.#ensure(1)
    this.#bytes[this.#at++] = byte
  }

  /** Bytes that are JSON as they are. */
  verbatim(bytes: Uint8Array, from: number, to: number): void {
    this.#ensure(to - from)
    const out = this.#bytes
    let at = this.#at
    let seen = this.#seen
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      seen |= byte
      out[at++] = byte
    }
    this.#at = at
    this.#seen = seen
  }

  /** JSON that is in a string already. */
  json(text: string): void {
    this.#ensure(text.length * 3)
    const written = this.#bytes.write(text, this.#at, 'utf8')
    this.#at += written
    if (written !== text.length) this.#seen = 0x80
  }

  /** Text that needs no escape, as a string. */
  plain(bytes: Uint8Array, from: number, to: number): void {
    this.byte(QUOTE)
    this.verbatim(bytes, from, to)
    this.byte(QUOTE)
  }

  /** Any text, as a string. */
  text(bytes: Uint8Array, from: number, to: number): void {
    this.#ensure(to - from + 2)
    const out = this.#bytes
    let at = this.#at
    let seen = this.#seen
    out[at++] = QUOTE
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) {
        this.#at = at
        this.#seen = seen
        return this.#escaped(bytes, i, to)
      }
      seen |= byte
      out[at++] = byte
    }
    out[at++] = QUOTE
    this.#at = at
    this.#seen = seen
  }

  /** A JSON document, with its numbers as {@link exactJson} gives them. */
  document(bytes: Buffer, from: number, to: number): void {
    this.#ensure(to - from)
    const out = this.#bytes
    let at = this.#at
    let seen = this.#seen
    let digits = 0
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      seen |= byte
      out[at++] = byte
      if (byte >= 0x30 && byte <= 0x39) {
        // A long number or an exponent, perhaps in a string: what has been copied is written over.
        if (++digits === 16) return this.json(exactJson(bytes.toString('utf8', from, to)))
      } else {
        if ((byte === 0x65 || byte === 0x45) && digits > 0) return this.json(exactJson(bytes.toString('utf8', from, to)))
        digits = 0
      }
    }
    this.#at = at
    this.#seen = seen
  }

  /** The rest of a string that has something to escape. */
  #escaped(bytes: Uint8Array, from: number, to: number): void {
    this.#ensure((to - from) * 6 + 1)
    const out = this.#bytes
    let at = this.#at
    let seen = this.#seen
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      seen |= byte
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) out[at++] = byte
      else {
        const escape = ESCAPES[byte] as Uint8Array
        for (const part of escape) out[at++] = part
      }
    }
    out[at++] = QUOTE
    this.#at = at
    this.#seen = seen
  }

  #ensure(room: number): void {
    if (this.#at + room <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe((this.#at + room) * 2)
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** What stands for a byte that cannot stand in a string, as `JSON.stringify` writes it. */
const ESCAPES: readonly Uint8Array[] = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)))
