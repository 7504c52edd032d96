import type { CallTrace } from './call.ts'
import type { Log } from './logic.ts'
import { encodeJson } from './json.ts'
import { redact } from './observe/redact.ts'
import type { Problem } from './problem.ts'

/** From the most to the least talkative. `silent` writes nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Takes one line without its newline. */
export type LogSink = (line: string) => void

/** Where a platform gathers what is written to its console. */
export const consoleSink: LogSink = (line) => console.log(line)

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
      sink(`{"time":"${timeText()}","level":"${name}","message":${JSON.stringify(String(message))}${constant}${own}}`)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

let second = 0
let timeOfSecond = ''

/** Now, as ISO 8601 in UTC with milliseconds. Only those change a thousand times a second. */
function timeText(): string {
  const now = Date.now()
  const ms = now % 1000
  if (now - ms !== second) {
    second = now - ms
    timeOfSecond = new Date(second).toISOString().slice(0, 20)
  }
  return `${timeOfSecond}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
}

/** What the log tells of a call that has been answered. */
export interface AnsweredCall {
  readonly requestId: string
  readonly trace: CallTrace
  readonly status: number
  /** What it was answered with in place of data. */
  readonly failure: Problem | undefined
  /** How long it took, in milliseconds. */
  readonly ms: number
}

export interface CallLogSettings {
  readonly logLevel: LogLevel
  /** Each line holds the call's params, redacted. */
  readonly logParams: boolean
}

/**
 * Writes one line a call: at `error` if it was answered with 5xx, else at `info`. Tokens are never logged, params
 * only if asked for, and redacted then; what failed is, for the project's author.
 *
 * The same lines as {@link createLog} writes, put together by hand: this is done for every call there is.
 */
export function createCallLog(sink: LogSink, { logLevel, logParams }: CallLogSettings): (call: AnsweredCall) => void {
  const from = LOG_LEVELS.indexOf(logLevel)
  const atInfo = LOG_LEVELS.indexOf('info') >= from
  const atError = LOG_LEVELS.indexOf('error') >= from
  return ({ requestId, trace, status, failure, ms }) => {
    const failed = status >= 500
    if (!(failed ? atError : atInfo)) return
    let line = `{"time":"${timeText()}","level":"${failed ? 'error' : 'info'}","message":"call","requestId":"${requestId}"`
    if (trace.logic !== undefined) line += `,"logic":${JSON.stringify(trace.logic)}`
    line += `,"status":${status}`
    if (failure !== undefined) line += `,"code":${JSON.stringify(failure.code)}`
    if (trace.cache !== undefined) line += `,"cache":"${trace.cache}"`
    line += `,"ms":${rounded(ms)},"dbMs":${rounded(trace.dbMs)}`
    const { distributed, params } = trace
    if (distributed !== undefined) {
      line += `,"traceId":"${distributed.traceId}","parentId":"${distributed.parentId}","spanId":"${distributed.spanId}"`
    }
    if (logParams && params !== undefined) line += members({ params: redact(params) })
    if (failure?.cause !== undefined) line += members({ error: describeError(failure.cause) })
    sink(`${line}}`)
  }
}

/** With two decimals. Written from whole numbers: making the shortest text of a fraction takes several times as long. */
function rounded(ms: number): string {
  const hundredths = Math.round(ms * 100)
  const rest = hundredths % 100
  return `${(hundredths - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`
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

/** An error's cause, its cause's cause, and so on: further ones say little, and there may be no last one. */
const MOST_CAUSES = 5

/** What a log may tell of an error: its name, message, stack, and the same of its cause. Never throws, whatever was thrown. */
export function describeError(error: unknown, causes = MOST_CAUSES): Record<string, unknown> {
  try {
    if (!(error instanceof Error)) return { message: typeof error === 'object' && error !== null ? 'an object that is no error' : String(error) }
    const { kind, sqlState, constraint } = error as { kind?: unknown; sqlState?: unknown; constraint?: unknown }
    return {
      name: error.name, message: error.message, kind, sqlState, constraint, stack: error.stack,
      ...(error.cause === undefined || causes === 0 ? {} : { cause: describeError(error.cause, causes - 1) }),
    }
  } catch {
    return { message: 'something that cannot be looked at' }
  }
}

/** A sink that holds lines back for a moment. */
export type BufferedSink = LogSink & {
  /** Writes what is held back. */
  flush(): void
}

/** Milliseconds that a line may wait for others, so that a busy Bridge writes a hundred times a second and not for each call. */
const GATHERING_TIME = 10
/** Characters that are written at once. */
const GATHERED = 64 * 1024

/** Gathers lines for a moment, and writes them together. */
export function bufferedSink(write: (text: string) => void): BufferedSink {
  let pending = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const text = pending
    pending = ''
    if (text !== '') write(text)
  }
  const sink = (line: string): void => {
    pending += `${line}\n`
    if (pending.length >= GATHERED) flush()
    else timer ??= setTimeout(flush, GATHERING_TIME)
  }
  return Object.assign(sink, { flush })
}
