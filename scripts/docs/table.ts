/** A table in Markdown. Cells are Markdown; what would end a cell, or start HTML, is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  const lines = text
    .replaceAll('|', '\\|')
    // Lists and paragraphs have to stand in one line.
    .replaceAll(/\n+- /g, '<br>• ')
    .replaceAll(/\n\n+/g, '<br>')
    .replaceAll('\n', ' ')
  return escaped(lines)
}

/** Text in which `<` begins no HTML, but for line breaks. Code is left as it is. */
export function escaped(text: string): string {
  return text.replaceAll(/`[^`]*`|<(?!br>)/g, (match) => (match === '<' ? '&lt;' : match))
}
