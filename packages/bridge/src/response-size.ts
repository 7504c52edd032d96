import { DEFAULT_LIMITS, type LimitsEntry } from './manifest/format.ts'
import { problem } from './problem.ts'

/** A UTF-16 unit has three bytes at most in UTF-8. */
const MOST_BYTES_A_UNIT = 3

/**
 * An answer that is far larger than anyone meant would fill the memory of the Bridge, and of its client, many times over.
 *
 * @throws Problem 500 `response_too_large`
 */
export function assertAnswerFits(body: string, path: string, { responseBytes: most = DEFAULT_LIMITS.responseBytes }: LimitsEntry): void {
  if (body.length * MOST_BYTES_A_UNIT <= most) return
  const bytes = Buffer.byteLength(body)
  if (bytes <= most) return
  throw problem('response_too_large', 'The answer is larger than an answer may be.', {
    cause: new Error(`The answer of ${path} has ${bytes} bytes; limits.response is ${most}. Give it a limit, or pages.`),
  })
}
