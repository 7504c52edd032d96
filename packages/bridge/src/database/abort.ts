import { setMaxListeners } from 'node:events'
import { DatabaseError } from './driver.ts'

/** What a call gets whose signal was aborted: a timeout if a time limit did it, a cancellation otherwise. */
export function abortError(signal: AbortSignal): DatabaseError {
  const reason: unknown = signal.reason
  return reason instanceof Error && reason.name === 'TimeoutError'
    ? new DatabaseError('timeout', 'The call took longer than it may.')
    : new DatabaseError('cancelled', 'The call was given up.')
}

/** Settles as `promise` does, or rejects as soon as `signal` is aborted; `promise` then goes on unheard. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {})
    return Promise.reject(abortError(signal))
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** A call may have any number of statements at once; Node warns of a leak from the eleventh listener on. */
export function expectManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}
