import { randomBytes } from 'node:crypto'

/** Where a call stands in a distributed trace (W3C Trace Context). */
export interface Trace {
  /** 32 hexadecimal digits, shared by everything that one request set off. */
  readonly traceId: string
  /** The caller's span. */
  readonly parentId: string
  /** The call's own span, new for each call. */
  readonly spanId: string
  /** What the headers of a request say that this call sends on its behalf. */
  readonly headers: Readonly<Record<string, string>>
}

/** Version, trace, parent and flags; versions after 00 may go on after another dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const ZEROS = /^0+$/
/** `sampled` and `random`; what other bits mean is not known, so they are not passed on. */
const KNOWN_FLAGS = 0b11
/** As much of it must be passed on at least (section 3.3.1.5); more is passed on or dropped as a whole. */
const LONGEST_STATE = 512

/** Exactly `traceparent`, and `tracestate` as it came. */
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** The trace that a request belongs to, with a new span for its call; `undefined` if it belongs to none. */
export function readTrace(traceparent: string | null | undefined, tracestate?: string | null): Trace | undefined {
  if (!traceparent) return undefined
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(traceparent) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined
  const spanId = newSpanId()
  const known = (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0')
  const state = tracestate && tracestate.length <= LONGEST_STATE ? { tracestate } : NO_HEADERS
  return { traceId, parentId, spanId, headers: Object.freeze({ traceparent: `00-${traceId}-${spanId}-${known}`, ...state }) }
}

/** What a call that belongs to no trace sends on. */
export function traceHeaders(trace: Trace | undefined): Readonly<Record<string, string>> {
  return trace?.headers ?? NO_HEADERS
}

/** An id of zeros would mean no span at all. */
function newSpanId(): string {
  for (;;) {
    const id = randomBytes(8).toString('hex')
    if (!ZEROS.test(id)) return id
  }
}
