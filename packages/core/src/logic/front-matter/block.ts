import type { Problem } from '../source.ts'
import type { Place } from './yaml.ts'

/** Where a file's front matter and its statement are. */
export interface Layout {
  /** The fence that opens the front matter and the YAML behind it. Absent if the file has none. */
  readonly block?: { readonly fence: Place; readonly yaml: Place }
  /** The offset where the SQL begins. */
  readonly body: number
}

/** Finds the front matter at the top of a SQL file: between `---` lines, or in a comment that begins with `---`. */
export function findFrontMatter(text: string): Layout | { readonly problem: Problem } {
  for (const { opens, closes, closing } of FORMS) {
    const opening = opens.exec(text)?.[0]
    if (opening === undefined) continue
    closes.lastIndex = opening.length
    const close = closes.exec(text)
    const at = opening.indexOf('---')
    const fence: Place = { start: at, end: at + 3 }
    if (close === null) {
      return { problem: { code: 'STK2001', why: 'The front matter never ends.', fix: `Close it with ${closing}.`, ...fence } }
    }
    return { block: { fence, yaml: { start: opening.length, end: close.index } }, body: close.index + close[0].length }
  }
  return { body: 0 }
}

/** The line break or blank behind the opening is left to what closes, so that nothing need stand between them. */
const FORMS = [
  { opens: /^\s*---[ \t]*(?=[\r\n])/, closes: /(?:\r\n|\n|\r)---[ \t]*(?=[\r\n]|$)/g, closing: 'a line `---`' },
  { opens: /^\s*\/\*\s*---(?=\s)/, closes: /\s---\s*\*\//g, closing: '`--- */`' },
] as const
