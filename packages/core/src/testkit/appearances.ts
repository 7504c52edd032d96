import { inspect } from 'node:util'

/** Every way in which a thing ends up in a log. */
export function appearances(thing: unknown): readonly string[] {
  const own = thing instanceof Error ? [thing.message, thing.stack ?? '', inspect(thing.cause)] : []
  return [String(thing), `${JSON.stringify(thing)}`, inspect(thing, { depth: 10, showHidden: true }), ...own]
}

/** The forms that a value takes on its way into a log. */
export function encodings(value: string): readonly string[] {
  const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]
  return [...new Set([...forms, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')])]
}
