/**
 * Reads the text form of a Postgres array (manual, "Array Value Input": `{1,NULL,"a b"}`, nested, perhaps with bounds in
 * front: `[0:1]={…}`).
 */
export function parseArray(text: string, decode: (item: string) => unknown, delimiter = ','): unknown[] {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0

  const readQuoted = (): string => {
    let item = ''
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      if (at >= text.length) throw new Error('An array ends within quotes.')
      item += text[at]
    }
    at++
    return item
  }

  const readItem = (): unknown => {
    if (text[at] === '{') return readArray()
    if (text[at] === '"') return decode(readQuoted())
    const start = at
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at++
    const item = text.slice(start, at)
    return item === 'NULL' ? null : decode(item)
  }

  const readArray = (): unknown[] => {
    const items: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (at >= text.length) throw new Error('An array does not end.')
      items.push(readItem())
      if (text[at] === delimiter) at++
    }
    at++
    return items
  }

  return readArray()
}
