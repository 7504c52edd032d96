import { Buffer } from 'node:buffer'
import type { Bound } from '../values.ts'

const SLAB = 64 * 1024
const SYNC = 0x53
const EXECUTE = 0x45
const PARSE = 0x50
const DESCRIBE = 0x44
const BIND = 0x42
const CLOSE = 0x43
const COPY_FAIL = 0x66
const STATEMENT = 0x53

/**
 * Messages to the server, one behind the other (manual, "Message Formats"), so that those of many calls leave in one write.
 *
 * What is taken out stays as it is: the socket may send it later, so a slab is never written twice.
 */
export class OutgoingMessages {
  #bytes = Buffer.allocUnsafe(SLAB)
  #begin = 0
  #at = 0

  get isEmpty(): boolean {
    return this.#at === this.#begin
  }

  /** All messages since the last time. */
  take(): Buffer {
    const taken = this.#bytes.subarray(this.#begin, this.#at)
    this.#begin = this.#at
    return taken
  }

  parse(name: string, text: string): void {
    const start = this.#start(PARSE, name.length + text.length * 3 + 8)
    this.#cstring(name)
    this.#cstring(text)
    // The types of placeholders are the server's to find.
    this.#int16(0)
    this.#finish(start)
  }

  /** Asks what a prepared statement takes and gives. */
  describe(name: string): void {
    const start = this.#start(DESCRIBE, name.length + 8)
    this.#bytes[this.#at++] = STATEMENT
    this.#cstring(name)
    this.#finish(start)
  }

  /** Binds to the unnamed portal: strings as text, buffers as they are. All results come as text. */
  bind(name: string, values: readonly Bound[]): void {
    const start = this.#start(BIND, name.length + values.length * 2 + 16)
    this.#bytes[this.#at++] = 0
    this.#cstring(name)
    // No formats at all means text for all.
    if (values.some((value) => typeof value === 'object' && value !== null)) {
      this.#int16(values.length)
      for (const value of values) this.#int16(typeof value === 'object' && value !== null ? 1 : 0)
    } else this.#int16(0)
    this.#int16(values.length)
    for (const value of values) this.#value(value)
    this.#ensure(2)
    this.#int16(0)
    this.#finish(start)
  }

  /** Runs what was bound. */
  execute(): void {
    const start = this.#start(EXECUTE, 5)
    this.#bytes[this.#at++] = 0
    this.#int32(0)
    this.#finish(start)
  }

  /** Ends an implicit transaction, and what the server skips after an error. */
  sync(): void {
    this.#finish(this.#start(SYNC, 0))
  }

  /** Forgets a prepared statement, if there is one of this name. */
  close(name: string): void {
    const start = this.#start(CLOSE, name.length + 2)
    this.#bytes[this.#at++] = STATEMENT
    this.#cstring(name)
    this.#finish(start)
  }

  copyFail(message: string): void {
    const start = this.#start(COPY_FAIL, message.length * 3 + 1)
    this.#cstring(message)
    this.#finish(start)
  }

  #start(type: number, room: number): number {
    this.#ensure(room + 5)
    this.#bytes[this.#at] = type
    this.#at += 5
    return this.#at - this.#begin
  }

  /** Writes the length of a message, which counts itself and not the type. Positions are relative: a slab may have moved. */
  #finish(start: number): void {
    const from = this.#begin + start
    this.#bytes.writeInt32BE(this.#at - from + 4, from - 4)
  }

  #value(value: Bound): void {
    if (value === null) {
      this.#ensure(4)
      this.#int32(-1)
    } else if (typeof value === 'string') {
      this.#ensure(4 + value.length * 3)
      const written = this.#text(value, this.#at + 4)
      this.#int32(written)
      this.#at += written
    } else {
      this.#ensure(4 + value.length)
      this.#int32(value.length)
      this.#at += value.copy(this.#bytes, this.#at)
    }
  }

  #cstring(text: string): void {
    this.#at += this.#text(text, this.#at)
    this.#bytes[this.#at++] = 0
  }

  /** Short ASCII is written faster here than by a call into Node. */
  #text(text: string, at: number): number {
    const { length } = text
    if (length > 48) return this.#bytes.write(text, at, 'utf8')
    const bytes = this.#bytes
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return bytes.write(text, at, 'utf8')
      bytes[at + i] = code
    }
    return length
  }

  #int16(value: number): void {
    this.#bytes[this.#at++] = value >>> 8
    this.#bytes[this.#at++] = value
  }

  #int32(value: number): void {
    const bytes = this.#bytes
    bytes[this.#at++] = value >>> 24
    bytes[this.#at++] = value >>> 16
    bytes[this.#at++] = value >>> 8
    bytes[this.#at++] = value
  }

  #ensure(room: number): void {
    if (this.#at + room <= this.#bytes.length) return
    const waiting = this.#bytes.subarray(this.#begin, this.#at)
    this.#bytes = Buffer.allocUnsafe(Math.max(SLAB, (waiting.length + room) * 2))
    waiting.copy(this.#bytes)
    this.#begin = 0
    this.#at = waiting.length
  }
}
