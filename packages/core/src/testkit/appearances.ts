import { inspect } from 'node:util'

/** Every way in which a thing ends up in a log. */
export function appearances(thing: unknown): readonly string[] {
  const own = thing instanceof Error ? [thing.message, thing.stack ?? '', inspect(thing.cause)] : []
  return [String(thing), `${JSON.stringify(thing)}`, inspect(thing, { depth: 10, showHidden: true }), ...own]
}

export { encodings } from '../secrets/encodings.ts'
