/** What a platform takes in one comment; GitHub's limit is 65,536 characters. */
export const COMMENT_LIMIT = 60_000

/** A code span that nothing inside can close. */
export function code(text: string): string {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length)
  const mark = '`'.repeat(Math.max(0, ...runs) + 1)
  const pad = runs.length > 0 ? ' ' : ''
  return `${mark}${pad}${oneLine(text)}${pad}${mark}`
}

/** Text for a cell of a table, or for a line of a list. */
export function cell(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

/** A fence that nothing inside can close. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/** Whole lines only, so that no mark is left open. */
export function cutAtLine(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, text.lastIndexOf('\n', limit))
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
