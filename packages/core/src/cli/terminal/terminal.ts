import { StkError, type Report } from '../../diagnostics/index.ts'
import { createRedactor, type Redactor } from '../../secrets/redactor.ts'
import type { SecretValue } from '../../secrets/secret-value.ts'
import { paint, type Paint } from './color.ts'
import { errorEvent, errorText } from './error-text.ts'
import { createJsonReporter, createLiveReporter, createPlainReporter, type Reporter } from './reporters.ts'

/** The conversation with the person, or with the program, that called `stk`. */
export interface Terminal {
  /** What the lifecycle reports goes here. */
  readonly report: Report
  readonly json: boolean
  /** May a question be asked? */
  readonly interactive: boolean
  readonly paint: Paint
  /** Prints text for a person; silent with `--json`. */
  print(text: string): void
  /** One JSON line; silent without `--json`. */
  event(event: Readonly<Record<string, unknown>>): void
  /** Shows an error, once. */
  error(error: StkError): void
  /** Asks yes or no. Only where {@link interactive}. @throws StkError STK9002 at Ctrl-C. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>
  /** Hands over each line the person types, until what it returns is called. Only where {@link interactive}. */
  onLine(typed: (line: string) => void): () => void
  /** From now on this value reads `[secret]` in whatever is shown. */
  hide(value: string | SecretValue): void
  /** A text as it may be shown: with `[secret]` in place of hidden values. */
  redact(text: string): string
  /** Writes a line of diagnostics beside the output proper, for a person and for a log. */
  warn(line: string): void
  /** Ends live output and gives the screen back. */
  close(): void
}

/** @param options what the command line asks for, known before it is parsed, so that its own errors obey it. */
export function createTerminal(
  { stdout: screen, stderr: diagnostics, stdin, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'stdin' | 'env'>,
  options: { readonly json: boolean; readonly verbose: boolean },
): Terminal {
  const redactor = createRedactor()
  for (const [name, value] of Object.entries(env)) if (value !== undefined && LOOKS_SECRET.test(name)) redactor.hide(value)
  const stdout = redacted(screen, redactor)
  const stderr = redacted(diagnostics, redactor)
  const live = !options.json && screen.isTTY === true && env.CI === undefined && env.TERM !== 'dumb'
  const colors = env.NO_COLOR === undefined && (screen.isTTY === true || (env.FORCE_COLOR ?? '0') !== '0')
  const painter = paint(colors && !options.json)
  const reporter: Reporter = options.json
    ? createJsonReporter(stdout)
    : live ? createLiveReporter(stdout, painter) : createPlainReporter(stdout, painter)
  const shown = new Set<string>()
  const emit = (event: Readonly<Record<string, unknown>>): void => {
    if (options.json) stdout.write(`${JSON.stringify(event)}\n`)
  }
  return {
    report(event) {
      if (event.type === 'phase:failed') shown.add(event.error.message)
      reporter.report(event)
    },
    json: options.json,
    interactive: !options.json && stdin.isTTY === true && screen.isTTY === true && env.CI === undefined,
    paint: painter,
    print(text) {
      reporter.pause()
      if (!options.json) stdout.write(text)
    },
    event: emit,
    error(error) {
      reporter.pause()
      // A failed phase has shown it where it happened.
      if (shown.has(error.message) && !options.verbose) return
      shown.add(error.message)
      if (options.json) emit(errorEvent(error))
      else stderr.write(`${errorText(error, painter, options.verbose)}\n`)
    },
    async confirm(question, signal) {
      reporter.pause()
      const { confirm, isCancel } = await import('@clack/prompts')
      const answer = await confirm({ message: question, initialValue: false, signal, input: stdin, output: screen })
      // A prompt reads keys itself, so Ctrl-C reaches it as an answer and not as a signal.
      if (isCancel(answer)) throw new StkError('STK9002', { why: 'Interrupted at the question. Nothing was changed.' })
      return answer
    },
    onLine(typed) {
      let rest = ''
      const read = (chunk: Buffer | string): void => {
        const lines = (rest + chunk.toString()).split(/\r\n|\n|\r/)
        rest = lines.pop() ?? ''
        for (const line of lines) typed(line)
      }
      // The terminal stays as it is, so that Ctrl-C and Ctrl-Z do what they always do.
      stdin.on('data', read)
      stdin.resume()
      return () => {
        stdin.off('data', read)
        stdin.pause()
      }
    },
    hide: redactor.hide,
    redact: redactor.redact,
    warn(line) {
      reporter.pause()
      stderr.write(`${line}\n`)
    },
    close: () => reporter.close(),
  }
}

/** Variables whose values are kept out of sight before a config says which ones are secrets. */
const LOOKS_SECRET = /(TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|DATABASE_URL)/i

/** An output that known values never reach. */
function redacted(out: NodeJS.WriteStream, redactor: Redactor): { write(text: string): boolean; readonly columns: number } {
  return {
    write: (text) => out.write(redactor.redact(text)),
    get columns() {
      return out.columns
    },
  }
}
