import type { Problem } from '../source.ts'

/** Where a file's front matter and its statement are: offsets into its text. */
export interface Layout {
  /** The YAML between the fences. Absent if the file has none. */
  readonly yaml?: { readonly start: number; readonly end: number }
  /** Where the SQL begins. */
  readonly body: number
  readonly problem?: Problem
}

/** Finds the front matter at the top of a SQL file: between `---` lines, or in a comment that begins with `---`. */
export function findFrontMatter(text: string): Layout {
  for (const { opens, closes, closing } of FORMS) {
    const opening = opens.exec(text)?.[0]
    if (opening === undefined) continue
    closes.lastIndex = opening.length
    const close = closes.exec(text)
    if (close !== null) return { yaml: { start: opening.length, end: close.index }, body: close.index + close[0].length }
    const fence = opening.indexOf('---')
    const problem: Problem = {
      code: 'STK2001', why: 'The front matter never ends.', fix: `Close it with ${closing}.`, start: fence, end: fence + 3,
    }
    return { body: text.length, problem }
  }
  return { body: 0 }
}

/** In both, what closes is looked for from where the opening's line ends, so that nothing may stand between the fences. */
const FORMS = [
  { opens: /^\s*---[ \t]*(?=[\r\n])/, closes: /(?:\r\n|\n|\r)---[ \t]*(?=[\r\n]|$)/g, closing: 'a line `---`' },
  { opens: /^\s*\/\*\s*---(?=\s)/, closes: /\s---\s*\*\//g, closing: '`--- */`' },
] as const
