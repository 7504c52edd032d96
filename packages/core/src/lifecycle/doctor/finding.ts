import { isStkError } from '../../diagnostics/index.ts'
import { startDeadline } from '../../secrets/deadline.ts'

/** What was looked at, in the order in which it is. */
export type Part = 'machine' | 'packages' | 'secrets' | 'databases' | 'issuers' | 'targets'

/** One thing that was looked at, and how it is. */
export interface Finding {
  readonly part: Part
  /** What it is about: `Node.js`, `shop · main`. */
  readonly subject: string
  /** `unknown`: it could not be looked at from here, which may be as it should be. */
  readonly state: 'fine' | 'worth a look' | 'wrong' | 'unknown'
  /** One line. Never a value of a secret, nor a URL with one. */
  readonly says: string
  readonly fix?: string
}

/** Milliseconds that one answer may take. */
export const PATIENCE = 10_000

/** Milliseconds that whoever heeds the signal has to end by itself. */
const GRACE = 250

/**
 * Looks at one thing for a while. What fails, or takes too long, is a finding as well.
 *
 * @throws what is not an StkError, and the outer signal's reason.
 */
export async function lookAt(
  place: Pick<Finding, 'part' | 'subject'>, outer: AbortSignal, work: (signal: AbortSignal) => Promise<Omit<Finding, 'part' | 'subject'>>,
): Promise<Finding> {
  const deadline = startDeadline(outer, { time: PATIENCE, grace: GRACE })
  try {
    return { ...place, ...await Promise.race([work(deadline.signal), deadline.passed]) }
  } catch (error) {
    outer.throwIfAborted()
    if (deadline.signal.aborted) return { ...place, state: 'wrong', says: `no answer after ${PATIENCE / 1000} s`, fix: 'Check that this machine may reach it: a proxy, a firewall, a VPN.' }
    return { ...place, ...failure(error) }
  } finally {
    deadline.end()
  }
}

/** A failure as a finding. @throws what is not an StkError. */
export function failure(error: unknown): Omit<Finding, 'part' | 'subject'> {
  if (!isStkError(error)) throw error
  const [fix] = [error.details.fix ?? []].flat()
  return { state: 'wrong', says: `${error.code}  ${error.details.why}`, ...(fix === undefined ? {} : { fix }) }
}
