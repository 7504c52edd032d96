/** What the Bridge's log says of a call that was answered. */
export interface CallNote {
  readonly requestId: string
  readonly logic?: string
  readonly status: number
  /** Milliseconds within the Bridge. */
  readonly ms: number
  /** Milliseconds in databases. */
  readonly dbMs: number
  readonly cache?: string
  readonly code?: string
  /** What failed, for the project's author: never sent to a client of a Bridge. */
  readonly error?: { readonly name?: string; readonly message?: string; readonly stack?: string; readonly sqlState?: string }
}

/** A line of the Bridge's log that is worth a look while developing. */
export interface LogLine {
  readonly level: 'info' | 'warn'
  readonly text: string
}

/** Takes a Bridge's log: remembers its calls, and passes on what a person should see. */
export interface BridgeLog {
  /** Takes one line, as the Bridge writes it. */
  readonly sink: (line: string) => void
  /** The call with this request id, as long as it is among the last ones. */
  call(requestId: string): CallNote | undefined
}

/** How many calls are remembered. */
const REMEMBERED = 200

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

/**
 * @param level what `LOG_LEVEL` says. Without it a person sees warnings, failed calls, and whatever logic itself logs.
 * @param show is given what a person should see.
 */
export function createBridgeLog(level: string | undefined, show: (line: LogLine) => void): BridgeLog {
  const calls = new Map<string, CallNote>()
  const isShown = (record: Record<string, unknown>): boolean => {
    const rank = LEVELS.indexOf(String(record.level))
    if (level !== undefined) return rank >= LEVELS.indexOf(level)
    return rank >= LEVELS.indexOf('warn') || (typeof record.logic === 'string' && record.message !== 'call')
  }
  return {
    sink(line) {
      const record = parse(line)
      if (record === undefined) return
      if (record.message === 'call') remember(calls, record as unknown as CallNote)
      if (isShown(record)) show({ level: record.level === 'info' || record.level === 'debug' ? 'info' : 'warn', text: textOf(record) })
    },
    call: (requestId) => calls.get(requestId),
  }
}

function remember(calls: Map<string, CallNote>, note: CallNote): void {
  calls.delete(note.requestId)
  calls.set(note.requestId, note)
  const [oldest] = calls.keys()
  if (calls.size > REMEMBERED && oldest !== undefined) calls.delete(oldest)
}

/** `orders/place  500 internal  Error: out of stock`, or a logic's own words with its fields behind them. */
function textOf({ time: _time, level: _level, message, requestId: _id, logic, error, ...fields }: Record<string, unknown>): string {
  const about = typeof logic === 'string' ? `${logic}  ` : ''
  const failure = error as CallNote['error']
  const cause = failure === undefined ? '' : `  ${failure.stack ?? `${failure.name ?? 'Error'}: ${failure.message ?? ''}`}`
  if (message === 'call') return `${about}${String(fields.status)} ${String(fields.code ?? '')}  ${String(fields.ms)} ms${cause}`
  const rest = Object.keys(fields).length === 0 ? '' : `  ${JSON.stringify(fields)}`
  return `${about}${String(message)}${rest}${cause}`
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
