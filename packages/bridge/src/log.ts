import type { Log } from './logic.ts'
import { encodeJson } from './json.ts'

/** From the most to the least talkative. `silent` writes nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Takes one line without its newline. */
export type LogSink = (line: string) => void

/**
 * A log that writes one JSON object a line: `time`, `level`, `message`, what it is `about`, and the fields given.
 *
 * Fields given do not replace the others. One that JSON cannot hold costs the fields, never the line.
 */
export function createLog(sink: LogSink, level: LogLevel, about: Readonly<Record<string, unknown>> = {}): Log {
  const from = LOG_LEVELS.indexOf(level)
  const taken = new Set(['time', 'level', 'message', ...Object.keys(about)])
  const constant = members(about)
  const at = (name: Exclude<LogLevel, 'silent'>) => {
    if (LOG_LEVELS.indexOf(name) < from) return () => {}
    return (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      // Put together as text: spreading objects into one another took longer than the call it told of.
      const own = members(Object.keys(fields).some((key) => taken.has(key)) ? withoutKeys(fields, taken) : fields)
      sink(`{"time":"${new Date().toISOString()}","level":"${name}","message":${JSON.stringify(String(message))}${constant}${own}}`)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** An object's members as JSON text, each after a comma. */
function members(object: Readonly<Record<string, unknown>>): string {
  try {
    const text = encodeJson(object)
    return text === '{}' ? '' : `,${text.slice(1, -1)}`
  } catch {
    return ''
  }
}

function withoutKeys(object: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)))
}

/** What a log may tell of an error: its name, message, stack, and the same of its cause. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const { kind, sqlState, constraint } = error as { kind?: unknown; sqlState?: unknown; constraint?: unknown }
  return {
    name: error.name, message: error.message, kind, sqlState, constraint, stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  }
}

/** A sink that holds lines back for a moment. */
export type BufferedSink = LogSink & {
  /** Writes what is held back. */
  flush(): void
}

/** Gathers the lines of one turn of the event loop into one write. */
export function bufferedSink(write: (text: string) => void): BufferedSink {
  let pending = ''
  const flush = (): void => {
    const text = pending
    pending = ''
    if (text !== '') write(text)
  }
  const sink = (line: string): void => {
    if (pending === '') setImmediate(flush)
    pending += `${line}\n`
  }
  return Object.assign(sink, { flush })
}
