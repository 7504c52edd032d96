import type { ReportEvent, StkError } from '../../diagnostics/index.ts'
import type { Paint } from './color.ts'
import { errorData, errorPage, errorText } from './error-text.ts'

/** Shows what the lifecycle reports. */
export interface Reporter {
  report(event: ReportEvent): void
  /** Takes live output off the screen, so that something else can be written. */
  pause(): void
  close(): void
}

interface Output {
  write(text: string): unknown
}

/** One JSON object a line. */
export function createJsonReporter(out: Output): Reporter {
  return {
    report(event) {
      const plain = event.type === 'phase:failed' ? { ...event, error: errorData(event.error) } : event
      out.write(`${JSON.stringify('ms' in plain && plain.ms !== undefined ? { ...plain, ms: Math.round(plain.ms) } : plain)}\n`)
    },
    pause() {},
    close() {},
  }
}

/** One line for each finished phase: for CI logs and pipes. */
export function createPlainReporter(out: Output, paint: Paint): Reporter {
  let current: string | undefined
  return {
    report(event) {
      const lines = finishedLines(event, paint, current)
      if (lines.length === 0) return
      current = event.project
      out.write(`${lines.join('\n')}\n`)
    },
    pause() {
      current = undefined
    },
    close() {},
  }
}

/** Finished phases as lines, and below them what is going on now, rewritten in place. */
export function createLiveReporter(out: Output & { readonly columns?: number }, paint: Paint): Reporter {
  const running = new Map<string, string>()
  let drawn = 0
  let current: string | undefined
  const erase = (): void => {
    if (drawn > 0) out.write(`\u001B[${drawn}A\u001B[0J`)
    drawn = 0
  }
  const draw = (): void => {
    for (const line of running.values()) out.write(`${line.slice(0, (out.columns ?? 80) - 1)}\n`)
    drawn = running.size
  }
  return {
    report(event) {
      if (event.type === 'note' || event.type === 'served') {
        erase()
        out.write(`${finishedLines(event, paint, current).join('\n')}\n`)
        draw()
        return
      }
      const key = `${event.project} ${event.target ?? ''}`
      erase()
      if (event.type === 'phase:start') running.set(key, `${event.project.padEnd(NAME)} ${'…'} ${event.phase}`)
      else if (event.type === 'phase:progress') running.set(key, `${event.project.padEnd(NAME)} … ${event.phase.padEnd(PHASE)} ${event.message}`)
      else {
        running.delete(key)
        out.write(`${finishedLines(event, paint, current).join('\n')}\n`)
        current = event.project
      }
      draw()
    },
    pause() {
      erase()
      running.clear()
      current = undefined
    },
    close() {
      erase()
      running.clear()
    },
  }
}

const NAME = 10
const PHASE = 8

function finishedLines(event: ReportEvent, paint: Paint, current: string | undefined): string[] {
  // A project's name stands at its first line only.
  const name = (project: string | undefined): string => (project === undefined || project === current ? '' : project).padEnd(NAME)
  switch (event.type) {
    case 'phase:done': {
      const target = event.target === undefined ? '' : `${paint.dim(event.target)}  `
      return [`${name(event.project)} ${paint.green('✔')} ${event.phase.padEnd(PHASE)} ${target}${event.summary}  ${paint.dim(formatMs(event.ms))}`]
    }
    case 'phase:failed':
      return failedLines(event, name(event.project), paint)
    case 'served':
      return [`${name(event.project)} ${paint.green('✔')} ${'serve'.padEnd(PHASE)} ${event.url}${event.ms === undefined ? '' : `  ${paint.dim(formatMs(event.ms))}`}`]
    case 'note':
      return [`${name(event.project)} ${event.level === 'warn' ? paint.yellow('!') : ' '} ${event.message}`]
    default:
      return []
  }
}

function failedLines(event: { readonly phase: string; readonly error: StkError }, name: string, paint: Paint): string[] {
  const { error } = event
  const { where, others = [], fix = [], why } = error.details
  // With a place to show, or companions, the error takes the room it needs.
  if (where !== undefined || others.length > 0) {
    return [`${name} ${paint.red('✖')} ${event.phase}`, '', errorText(error, paint), '']
  }
  const below = ' '.repeat(NAME + PHASE + 4)
  return [
    `${name} ${paint.red('✖')} ${event.phase.padEnd(PHASE)} ${paint.bold(error.code)}  ${why.replaceAll('\n', `\n${below}`)}`,
    ...[fix].flat().map((line) => `${below}${paint.dim('fix')}   ${line}`),
    `${below}${paint.dim('more')}  ${errorPage(error.code)}`,
  ]
}

/** Milliseconds as a person reads them. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}
