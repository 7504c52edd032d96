/** A `fetch` that counts serial round trips, and how many requests each held. */
export interface RoundCounter {
  readonly fetch: typeof fetch
  /** The requests of each round trip, as `METHOD path`. */
  readonly rounds: readonly (readonly string[])[]
}

/**
 * Counts round trips as a slow network would show them: every answer of a round is held back until all requests of
 * that round have been answered, and what is asked because of one belongs to the next round. So no request can slip
 * into a round because the loopback happened to be fast.
 */
export function countRounds(ask: typeof fetch = fetch): RoundCounter {
  const rounds: string[][] = []
  let current: { readonly labels: string[]; pending: number; readonly deliver: (() => void)[] } | undefined

  const close = async (): Promise<void> => {
    // Whoever was let go by the last round gets to ask before this one is closed.
    // A content that is still read from the disk is on its way as well: it is no round trip that it waits for.
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'))) turn = 0
    }
    if (current === undefined || current.pending > 0) return
    const { deliver } = current
    current = undefined
    for (const each of deliver) each()
  }

  return {
    rounds,
    async fetch(input, init) {
      if (current === undefined) {
        current = { labels: [], pending: 0, deliver: [] }
        rounds.push(current.labels)
      }
      const round = current
      round.labels.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`)
      round.pending++
      const response = await ask(input, init)
      const body = await response.arrayBuffer()
      const held = new Promise<void>((resolve) => round.deliver.push(resolve))
      round.pending--
      void close()
      await held
      const isBodiless = response.status === 204 || response.status === 304
      return new Response(isBodiless ? null : body, { status: response.status, headers: response.headers })
    },
  }
}
