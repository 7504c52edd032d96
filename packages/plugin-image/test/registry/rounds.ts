import { Readable } from 'node:stream'
import { openSender, type Send } from '../../src/registry/connection/sender.ts'

/** A sender that counts serial round trips, and how many requests each held. */
export interface RoundCounter {
  readonly send: Send
  /** The requests of each round trip, as `METHOD path`. */
  readonly rounds: readonly (readonly string[])[]
}

/** What an answer takes to come back at least, in milliseconds. */
const LATENCY = 20

const readsDisk = (): boolean => process.getActiveResourcesInfo().some((resource) => /^FSReq|CloseReq/i.test(resource))

/**
 * Counts round trips as a slow network would show them: every answer of a round is held back until all requests of
 * that round have been answered, and what is asked because of one belongs to the next round. So no request can slip
 * into a round because the loopback happened to be fast.
 */
export function countRounds(ask: Send = openSender()): RoundCounter {
  const rounds: string[][] = []
  let current: { readonly labels: string[]; pending: number; readonly deliver: (() => void)[] } | undefined

  const close = async (): Promise<void> => {
    // Whoever was let go by the last round gets to ask before this one is closed. Reading a disk is no round trip, however busy
    // the machine is: a network's latency goes by in which nothing of the disk is on its way and nobody asks any more.
    const asked = current?.labels.length
    await new Promise((resolve) => setTimeout(resolve, LATENCY))
    while (readsDisk()) await new Promise((resolve) => setTimeout(resolve, LATENCY))
    if (current?.labels.length !== asked) return
    if (current === undefined || current.pending > 0) return
    const { deliver } = current
    current = undefined
    for (const each of deliver) each()
  }

  return {
    rounds,
    async send(url, request) {
      if (current === undefined) {
        current = { labels: [], pending: 0, deliver: [] }
        rounds.push(current.labels)
      }
      const round = current
      round.labels.push(`${request.method} ${url.pathname}`)
      round.pending++
      const { status, headers, body } = await ask(url, request)
      const content: Uint8Array[] = []
      for await (const chunk of body ?? []) content.push(chunk)
      const held = new Promise<void>((resolve) => round.deliver.push(resolve))
      round.pending--
      void close()
      await held
      return { status, headers, body: Readable.from(content) }
    },
  }
}
