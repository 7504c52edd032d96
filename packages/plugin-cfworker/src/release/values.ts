import { StkError, type SecretValue } from '@santokit/core'
import { VARIABLE_LIMITS } from '../bundle/size.ts'

/** @throws StkError STK4203 for values that are longer than a Worker's secret may be. Names them all. */
export function checkValues(values: ReadonlyMap<string, SecretValue>): void {
  const long = [...values].filter(([, value]) => Buffer.byteLength(value.reveal()) > VARIABLE_LIMITS.bytes).map(([name]) => name).sort()
  if (long.length === 0) return
  throw new StkError('STK4203', {
    why: `${long.join(', ')} ${long.length === 1 ? 'is' : 'are'} longer than ${VARIABLE_LIMITS.bytes / 1024} KB, which is all that a Worker's secret may have. Nothing was changed.`,
    fix: 'Keep it in a database or a bucket, and its key in a secret.',
  })
}
