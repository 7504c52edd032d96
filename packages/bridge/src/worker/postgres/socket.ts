import type { Socket } from 'cloudflare:sockets'
import { Buffer } from 'node:buffer'
import type { WireStream } from '../../database/postgres/wire/connection.ts'

/** Opens a TCP connection. */
export type Connect = typeof import('cloudflare:sockets').connect

type Listener = (value: never) => void

/** A socket of workerd as the wire reads and writes it. */
export class SocketStream implements WireStream {
  #writable = true
  #closed = false
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #listeners = new Map<string, Listener[]>()

  constructor(private readonly socket: Socket) {
    this.#reader = socket.readable.getReader()
    this.#writer = socket.writable.getWriter()
    // Told of by what is read and written.
    socket.closed.catch(() => {})
    void this.#read()
  }

  get writable(): boolean {
    return this.#writable
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener])
    return this
  }

  /** Forgets who listens to what comes. */
  removeDataListeners(): void {
    this.#listeners.delete('data')
  }

  write(bytes: Uint8Array): void {
    // The wire goes on writing into what is behind these bytes, never over them.
    this.#writer.write(bytes).catch((error: unknown) => this.#fail(error))
  }

  end(bytes: Uint8Array, written: () => void): void {
    this.#writable = false
    this.#writer.write(bytes).then(written, written)
  }

  destroy(): void {
    this.#writable = false
    this.socket.close().catch(() => {})
    this.#close()
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        if (done) break
        this.#emit('data', Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      }
      this.#emit('end', undefined)
    } catch (error) {
      if (!this.#closed) this.#emit('error', error)
    }
    this.destroy()
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#emit('error', error)
    this.destroy()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#emit('close', undefined)
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }
}
