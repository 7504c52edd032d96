/** A whole message: its type, and where its body stands. `bytes` hold only until the function returns. */
export type OnMessage = (type: number, bytes: Buffer, from: number, to: number) => void

const HEADER = 5
/** What is kept for the next incomplete message; larger room is given back. */
const KEPT = 64 * 1024

/** Cuts what the socket gives into messages (manual, "Message Flow": a type, a length that counts itself, a body). */
export class IncomingMessages {
  #store = Buffer.allocUnsafe(KEPT)
  #held = 0

  constructor(private readonly onMessage: OnMessage) {}

  push(chunk: Buffer): void {
    if (this.#held === 0) return this.#hold(chunk, this.#read(chunk))
    // Room doubles, so that a message of many chunks is not copied anew for each.
    this.#ensure(this.#held + chunk.length)
    chunk.copy(this.#store, this.#held)
    const bytes = this.#store.subarray(0, this.#held + chunk.length)
    this.#held = 0
    this.#hold(bytes, this.#read(bytes))
  }

  /** Handles every whole message, and tells where the rest begins. */
  #read(bytes: Buffer): number {
    let at = 0
    while (bytes.length - at >= HEADER) {
      const end = at + 1 + bytes.readUInt32BE(at + 1)
      if (end > bytes.length) break
      this.onMessage(bytes[at] as number, bytes, at + HEADER, end)
      at = end
    }
    return at
  }

  #hold(bytes: Buffer, from: number): void {
    const rest = bytes.length - from
    if (rest === 0) {
      if (this.#store.length > KEPT) this.#store = Buffer.allocUnsafe(KEPT)
      return
    }
    this.#ensure(rest)
    // May be a move within the store.
    bytes.copy(this.#store, 0, from)
    this.#held = rest
  }

  #ensure(room: number): void {
    if (room <= this.#store.length) return
    const larger = Buffer.allocUnsafe(Math.max(room, this.#store.length * 2))
    this.#store.copy(larger, 0, 0, this.#held)
    this.#store = larger
  }
}
