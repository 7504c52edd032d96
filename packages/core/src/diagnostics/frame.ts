import type { SourceLocation } from './error.ts'

/** Draws the lines around a place in a file, with a mark under it, or `undefined` if the place is not known that well. */
export function codeFrame(where: SourceLocation, context = 2): string | undefined {
  if (where.text === undefined || where.line === undefined) return undefined
  const lines = where.text.split(/\r\n|\n|\r/)
  const first = Math.max(1, where.line - context)
  const last = Math.min(lines.length, where.line + context)
  const width = String(last).length
  const drawn: string[] = []
  for (let number = first; number <= last; number++) {
    const marked = number === where.line
    drawn.push(`${marked ? '>' : ' '} ${String(number).padStart(width)} | ${lines[number - 1] ?? ''}`.trimEnd())
    if (marked && where.column !== undefined) {
      // Tabs stay tabs, so that the mark stands under its column at any tab width.
      const indent = (lines[number - 1] ?? '').slice(0, where.column - 1).replace(/[^\t]/g, ' ')
      drawn.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(Math.max(1, where.length ?? 1))}`)
    }
  }
  return drawn.join('\n')
}

/** The line and column of an offset into `text`, both from 1. */
export function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/)
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
