import { setTimeout as wait } from 'node:timers/promises'
import type { Digest } from '@santokit/bridge/manifest'
import type { Verification } from './contract.ts'

/** What is asked, and for how long. */
export interface ServedQuestion {
  /** A Bridge's `/health`. */
  readonly url: URL
  /** The digest that it should answer with. */
  readonly digest: Digest
  /** Milliseconds until it is given up. */
  readonly within: number
  /**
   * Milliseconds between two questions.
   *
   * @default 1000
   */
  readonly every?: number
  /** Sent with every question. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  progress(message: string): void
}

/** One question may take this long, in milliseconds: a Bridge starts within a second. */
const PATIENCE = 10_000

/** As much of an answer is read, in bytes: a Bridge's has about 300. */
const READ = 16 * 1024

/** As much of an answer is told, in characters. */
const TOLD = 300

/**
 * Asks a Bridge for its health until it serves a bundle: what a target's `verify` ends with, where releases become live by and by.
 *
 * @returns not healthy, with the answers that were given instead as its logs, once the time is over.
 * @throws the signal's reason if it is aborted.
 */
export async function waitUntilServed({ url, digest, within, every = 1000, headers = {}, signal, progress }: ServedQuestion): Promise<Verification> {
  const limit = AbortSignal.timeout(within)
  const until = AbortSignal.any([signal, limit])
  const logs: string[] = []
  let last = 'no answer'
  for (;;) {
    progress(`waiting for ${url.href}`)
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([until, AbortSignal.timeout(PATIENCE)]), redirect: 'manual', headers })
      const text = await beginningOf(answer)
      const found = digestIn(text)
      if (answer.ok && found === digest) return { healthy: true, summary: `digest live at ${url.host}` }
      last = !answer.ok ? `HTTP ${answer.status}` : found === undefined ? 'it is no Bridge that answers' : `it serves ${found.slice(0, 19)}`
      remember(logs, `HTTP ${answer.status}  ${text.replaceAll(/\s+/g, ' ').trim().slice(0, TOLD)}`)
    } catch (error) {
      signal.throwIfAborted()
      if (!limit.aborted) remember(logs, last = causeOf(error))
    }
    await wait(every, undefined, { signal: until }).catch(() => signal.throwIfAborted())
    if (limit.aborted) return { healthy: false, summary: `${url.href} does not serve it after ${Math.round(within / 1000)} s: ${last}`, logs }
  }
}

/** As many different answers are kept. */
const KEPT = 20

/** Keeps what is new, so that a minute of the same answer is one line. */
function remember(logs: string[], line: string): void {
  if (logs.at(-1) !== line) logs.push(line)
  if (logs.length > KEPT) logs.shift()
}

async function beginningOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part)
    if ((length += part.length) >= READ) break
  }
  return Buffer.concat(parts).toString('utf8', 0, READ)
}

function digestIn(text: string): string | undefined {
  try {
    const { digest } = JSON.parse(text) as { readonly digest?: unknown }
    return typeof digest === 'string' ? digest : undefined
  } catch {
    return undefined
  }
}

function causeOf(error: unknown): string {
  const { name, cause } = error as Error & { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : name === 'TimeoutError' ? 'no answer' : 'the connection broke'
}
