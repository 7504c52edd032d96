import { setMaxListeners } from 'node:events'
import { DatabaseError, type CallEnd, type CallScope } from './driver.ts'

/** How the end of a scope's call is heard of, in its cheapest form. */
export function endOf(scope: Pick<CallScope, 'signal' | 'end'>): CallEnd {
  return scope.end ?? endOfSignal(scope.signal)
}

/** A signal as a {@link CallEnd}. */
export function endOfSignal(signal: AbortSignal): CallEnd {
  // A call may have any number of statements at once; Node warns of a leak from the eleventh listener on.
  setMaxListeners(0, signal)
  const heard = new Map<(reason: Error) => void, () => void>()
  return {
    get ended() {
      return signal.aborted ? reasonOf(signal) : undefined
    },
    onEnd(listener) {
      if (signal.aborted) return listener(reasonOf(signal))
      const onAbort = (): void => listener(reasonOf(signal))
      heard.set(listener, onAbort)
      signal.addEventListener('abort', onAbort, { once: true })
    },
    offEnd(listener) {
      const onAbort = heard.get(listener)
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
      heard.delete(listener)
    },
  }
}

/** What a call gets that is over: a timeout if a time limit ended it, a cancellation otherwise. */
export function endError(reason: Error): DatabaseError {
  return reason.name === 'TimeoutError'
    ? new DatabaseError('timeout', 'The call took longer than it may.')
    : new DatabaseError('cancelled', 'The call was given up.')
}

/** @throws DatabaseError `timeout` or `cancelled` if the call is over. */
export function throwIfOver({ ended }: CallEnd): void {
  if (ended !== undefined) throw endError(ended)
}

/** Settles as `promise` does, or rejects as soon as the call is over; `promise` then goes on unheard. */
export function untilEnd<T>(promise: Promise<T>, end: CallEnd): Promise<T> {
  return new Promise((resolve, reject) => {
    const onEnd = (reason: Error): void => reject(endError(reason))
    end.onEnd(onEnd)
    promise.then(resolve, reject).finally(() => end.offEnd(onEnd))
  })
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted')
}
