/** Names whose values are never written, wherever they stand. */
const SECRET_NAME = /^pass$|pass(?:word|wd|phrase|code|key)|secret|token|api[-_]?key|private[-_]?key|credential|authorization|cookie|session|bearer|signature|otp$|^pin$|^cvv?c?2?$|^ssn$|card[-_]?number|iban/i
/** A JWT by its look, for it may stand under any name. */
const JWT = /^ey[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/
/** Longer strings are cut, in characters. */
const LONGEST_STRING = 200
/** More items of an array, or members of an object, are only counted. */
const MOST_ITEMS = 20
/** What stands deeper is left out. */
const DEEPEST = 4

/**
 * A copy of params that may be logged: values under names that tell of a secret, and anything that looks like a token,
 * are replaced; what is long or deep is cut. Never throws.
 */
export function redact(value: unknown): unknown {
  return redactAt(value, 0)
}

function redactAt(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactString(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) return '[deep]'
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => redactAt(item, depth + 1))
    return value.length > MOST_ITEMS ? [...items, `[${value.length - MOST_ITEMS} more]`] : items
  }
  const entries = Object.entries(value)
  const kept = entries.slice(0, MOST_ITEMS).map(([name, item]): [string, unknown] =>
    [redactString(name), SECRET_NAME.test(name) ? '[redacted]' : redactAt(item, depth + 1)])
  if (entries.length > MOST_ITEMS) kept.push(['…', `[${entries.length - MOST_ITEMS} more]`])
  return Object.fromEntries(kept)
}

function redactString(text: string): string {
  if (JWT.test(text)) return '[redacted]'
  return text.length > LONGEST_STRING ? `${text.slice(0, LONGEST_STRING)}… [${text.length} characters]` : text
}
