import { encodings } from './encodings.ts'
import { SecretValue } from './secret-value.ts'

/** Shorter values are left alone: `true` or `5432` stand in texts that have nothing to do with them. */
const LEAST = 8

/**
 * Takes known values out of texts, whatever their encoding: the last net, for what a plugin, a driver or a crash says
 * without having been asked.
 */
export interface Redactor {
  /** From now on this value, and the parts of it that are secret by themselves, read `[secret]`. */
  hide(value: string | SecretValue): void
  redact(text: string): string
}

export function createRedactor(): Redactor {
  const known = new Set<string>()
  let forms: readonly string[] = []
  return {
    hide(value) {
      const plain = value instanceof SecretValue ? value.reveal() : value
      if (known.has(plain)) return
      known.add(plain)
      const more = secretParts(plain).filter((part) => part.length >= LEAST).flatMap(encodings)
      // The longest first: one may stand inside another.
      forms = [...new Set([...forms, ...more])].sort((a, b) => b.length - a.length)
    },
    redact(text) {
      let clean = text
      for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, '[secret]')
      return clean
    },
  }
}

/** A value, and what of it is told apart from the rest: a URL's password, the lines of a key, the texts of a JSON document. */
function secretParts(value: string): readonly string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).filter((line) => line.trim().length >= 24) : []
  return [value, value.trim(), ...lines.map((line) => line.trim()), ...urlParts(value), ...jsonTexts(value)]
}

function urlParts(value: string): readonly string[] {
  if (!URL.canParse(value)) return []
  const { password, searchParams } = new URL(value)
  const tokens = [...searchParams].filter(([name]) => /token|password|secret|key|jwt|signature/i.test(name)).map(([, text]) => text)
  return [password, decoded(password), ...tokens]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function jsonTexts(value: string): readonly string[] {
  if (!value.trimStart().startsWith('{')) return []
  const texts: string[] = []
  try {
    JSON.parse(value, (_, item: unknown) => {
      if (typeof item === 'string' && item.length >= 24) texts.push(item)
      return item
    })
  } catch {
    return []
  }
  return texts
}
