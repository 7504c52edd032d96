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
  const at = (name: Exclude<LogLevel, 'silent'>) => {
    if (LOG_LEVELS.indexOf(name) < from) return () => {}
    return (message: string, fields?: Record<string, unknown>): void => {
      const head = { time: new Date().toISOString(), level: name, message }
      sink(encodeLine({ ...head, ...fields, ...about, ...head }, { ...head, ...about }))
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
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

function encodeLine(line: object, fallback: object): string {
  try {
    return encodeJson(line)
  } catch {
    return encodeJson(fallback)
  }
}
