/**
 * Parses JSON that names no member of an object twice. Two readers of the same token may otherwise see two tokens, one
 * by the first of two claims and one by the last (RFC 7519 section 4, RFC 7515 section 4).
 *
 * @throws SyntaxError
 */
export function parseStrictJson(text: string): unknown {
  const value = JSON.parse(text) as unknown
  const twice = findRepeatedMember(text)
  if (twice !== undefined) throw new SyntaxError(`The member ${JSON.stringify(twice.slice(0, 100))} stands there twice.`)
  return value
}

/** @param text well-formed JSON */
function findRepeatedMember(text: string): string | undefined {
  /** The members of each object that is open, `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  let isName = false
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        open.push(new Set())
        isName = true
        break
      case '[':
        open.push(undefined)
        isName = false
        break
      case '}':
      case ']':
        open.pop()
        isName = false
        break
      case ',':
        isName = open.at(-1) !== undefined
        break
      case '"': {
        const end = endOfString(text, at)
        if (isName) {
          // Decoded, because `"iss"` and `"\u0069ss"` are one name.
          const name = JSON.parse(text.slice(at, end + 1)) as string
          const members = open.at(-1)
          if (members?.has(name)) return name
          members?.add(name)
        }
        isName = false
        at = end
      }
    }
  }
  return undefined
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
