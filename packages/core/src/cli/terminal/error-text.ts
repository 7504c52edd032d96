import { codeFrame, isStkError, type StkError } from '../../diagnostics/index.ts'
import type { Paint } from './color.ts'

/** An error as a person reads it: code, title, cause, frame, fix, page. */
export function errorText(error: StkError, paint: Paint, verbose = false): string {
  const { others = [], ...details } = error.details
  const lines = [`${paint.red('✖')} ${paint.bold(error.code)}  ${error.title}`]
  const place = [details.project, details.target].filter((part) => part !== undefined).join(' → ')
  lines.push(...indent(`${place === '' ? '' : `${place}: `}${details.why}`))
  const { where } = details
  if (where !== undefined) {
    const position = where.line === undefined ? '' : `:${where.line}${where.column === undefined ? '' : `:${where.column}`}`
    lines.push('', `  ${where.file}${position}`)
    const frame = codeFrame(where)
    if (frame !== undefined) lines.push(...indent(paint.dim(frame)))
    lines.push('')
  } else if (details.configPath !== undefined) {
    lines.push(`  ${paint.dim('at')}    ${details.configPath}`)
  }
  if (details.attribution !== undefined) lines.push(`  ${paint.dim('from')}  plugin ${details.attribution.plugin}, ${details.attribution.hook}`)
  for (const fix of [details.fix ?? []].flat()) lines.push(`  ${paint.dim('fix')}   ${fix.replaceAll('\n', '\n        ')}`)
  lines.push(`  ${paint.dim('more')}  ${errorPage(error.code)}`)
  if (verbose) lines.push(...indent(paint.dim(stackOf(error))))
  return [lines.join('\n'), ...others.map((other) => errorText(other, paint, verbose))].join('\n\n')
}

/** An error as `--json` gives it. */
export function errorEvent(error: StkError): Readonly<Record<string, unknown>> {
  return { type: 'error', error: errorData(error) }
}

/** An error as plain data, without stack and file text. */
export function errorData(error: StkError): Readonly<Record<string, unknown>> {
  const { others, where, cause: _, ...details } = error.details
  const { text: _text, ...place } = where ?? {}
  return {
    code: error.code,
    title: error.title,
    ...details,
    ...(where === undefined ? {} : { where: place }),
    page: errorPage(error.code),
    ...(others === undefined ? {} : { others: others.map(errorData) }),
  }
}

/** The manual page of an error code. */
export function errorPage(code: string): string {
  return `docs/errors/${code}.md`
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}

function stackOf(error: StkError): string {
  const { cause } = error
  return cause instanceof Error && !isStkError(cause) ? cause.stack ?? cause.message : error.stack ?? ''
}
