/**
 * Tells those who wait for an issuer that nobody needs its keys any longer. Not an `AbortSignal`: on a Worker, those belong to the
 * request that made them.
 */
export class Closing {
  readonly #listeners = new Set<() => void>()
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  on(listener: () => void): void {
    this.#listeners.add(listener)
  }

  off(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    for (const listener of this.#listeners) listener()
  }
}
