/**
 * A JSON text whose numbers JavaScript can read: integers beyond 2^53 and numbers beyond the range of a double become strings
 * of the digits they had, as a `bigint` column is. Everything else stays as it is written.
 */
export function exactJson(text: string): string {
  return SUSPECT.test(text) ? quoteInexact(text) : text
}

/** What a text that has such a number must hold, in a string perhaps. */
const SUSPECT = /\d{16}|\d[eE]\+?\d{3}/

function quoteInexact(text: string): string {
  let exact = ''
  let kept = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at)
      if (end - at > 3 && isInexact(text.slice(at, end))) {
        exact += `${text.slice(kept, at)}"${text.slice(at, end)}"`
        kept = end
      }
      at = end
    } else at++
  }
  return kept === 0 ? text : exact + text.slice(kept)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Where the string that begins at `at` is over. */
function endOfString(text: string, at: number): number {
  for (at++; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return at
}

function endOfNumber(text: string, at: number): number {
  for (at++; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // . e E + -
    if (!isDigit(code) && code !== 0x2e && code !== 0x65 && code !== 0x45 && code !== 0x2b && code !== MINUS) return at
  }
  return at
}

/** Digits that a double always keeps. */
const SAFE_DIGITS = 15

function isInexact(number: string): boolean {
  if (/[.eE]/.test(number)) return !Number.isFinite(Number(number))
  return number.length > SAFE_DIGITS && !Number.isSafeInteger(Number(number))
}
