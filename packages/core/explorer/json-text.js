/**
 * JSON text laid out over lines. Numbers and strings stay as they were sent: a number that JavaScript would round is shown with
 * every digit. A text that is no JSON stays as it is.
 *
 * @param {string} text
 */
export function layOut(text) {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  let out = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  for (const [index, token] of tokens.entries()) {
    const last = tokens[index - 1]
    if (token === '{' || token === '[') {
      depth += 1
      out += `${token}${tokens[index + 1] === (token === '{' ? '}' : ']') ? '' : line()}`
    } else if (token === '}' || token === ']') {
      depth -= 1
      out += last === '{' || last === '[' ? token : `${line()}${token}`
    } else if (token === ',') out += `,${line()}`
    else out += token === ':' ? ': ' : token
  }
  return out
}

/**
 * What JSON text holds, with every number as its digits: `{ digits }` where JavaScript would have rounded it.
 *
 * @param {string} text
 */
export function parseExactly(text) {
  return JSON.parse(text, (_key, value, context) => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value
  })
}

/** The rows of an answer that reads best as a table: objects, a few columns, nothing nested deep. */
export function tableOf(data) {
  const rows = Array.isArray(data) ? data : typeof data === 'object' && data !== null ? [data] : []
  if (rows.length === 0 || !rows.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))) return undefined
  const columns = [...new Set(rows.slice(0, 500).flatMap((row) => Object.keys(row)))]
  return columns.length === 0 || columns.length > 24 ? undefined : { columns, rows }
}
