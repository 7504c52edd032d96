/** One way in that a server offers: RFC 9110 section 11.6.1. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: { readonly [name: string]: string }
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
const SPACE = /[ \t]*/y
/** No registry has more to say; what is longer is not read. */
const LONGEST = 8192

/**
 * Reads a `WWW-Authenticate` header, which may hold several challenges with commas between and within them.
 *
 * @returns what could be read; nothing from the first character on that does not fit the grammar.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > LONGEST) return []
  const found: { scheme: string; parameters: { [name: string]: string } }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match !== null) at += match[0].length
    return match
  }
  for (;;) {
    take(SPACE)
    while (header[at] === ',') {
      at++
      take(SPACE)
    }
    if (at >= header.length) return found
    const word = take(TOKEN)?.[0]
    if (word === undefined) return found
    const spaced = take(SPACE)?.[0] !== ''
    if (header[at] === '=' && found.length > 0) {
      at++
      take(SPACE)
      const quoted = take(QUOTED)
      const value = quoted === null ? take(TOKEN)?.[0] : quoted[1]?.replace(/\\(.)/g, '$1')
      const last = found.at(-1)
      const name = word.toLowerCase()
      // A parameter may stand once in a challenge; a second one is somebody's trick.
      if (value === undefined || last === undefined || Object.hasOwn(last.parameters, name)) return found
      last.parameters[name] = value
    } else {
      found.push({ scheme: word.toLowerCase(), parameters: Object.create(null) as { [name: string]: string } })
      // `Negotiate YWJj`: a scheme may have one word instead of parameters.
      if (spaced) skipToken68(header, at, (end) => { at = end })
    }
    take(SPACE)
    if (at < header.length && header[at] !== ',' && !spaced) return found
  }
}

/** Skips one word that is not the beginning of `name=value`. */
function skipToken68(header: string, at: number, skip: (end: number) => void): void {
  TOKEN68.lastIndex = at
  const match = TOKEN68.exec(header)
  if (match !== null) skip(at + match[0].length)
}
