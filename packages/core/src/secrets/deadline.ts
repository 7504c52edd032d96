/** A signal with an end of its own, and a promise that fails soon after it. */
export interface Deadline {
  /** Aborted with the outer signal's reason, or with a `TimeoutError` when the time is up. */
  readonly signal: AbortSignal
  /** Rejects with the signal's reason, once whoever heeds the signal had the grace to end by itself. */
  readonly passed: Promise<never>
  end(): void
}

/** @param limits milliseconds: until the time is up, and from then on. */
export function startDeadline(outer: AbortSignal, limits: { readonly time: number; readonly grace: number }): Deadline {
  const controller = new AbortController()
  const interrupt = (): void => controller.abort(outer.reason)
  const timer = setTimeout(() => controller.abort(new DOMException('The time is up.', 'TimeoutError')), limits.time)
  let grace: NodeJS.Timeout | undefined
  const passed = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => {
      grace = setTimeout(() => reject(controller.signal.reason as Error), limits.grace)
    }, { once: true })
  })
  // Nobody may be waiting any more when it fails.
  passed.catch(() => {})
  outer.addEventListener('abort', interrupt, { once: true })
  if (outer.aborted) interrupt()
  return {
    signal: controller.signal,
    passed,
    end() {
      clearTimeout(timer)
      clearTimeout(grace)
      outer.removeEventListener('abort', interrupt)
    },
  }
}
