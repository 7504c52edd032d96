import { nearest, StkError } from '../diagnostics/index.ts'

/** Schemes that official plugins offer, so that a missing plugin can be named. */
const OFFERED_BY: Readonly<Record<string, string>> = {
  op: '@santokit/plugin-secrets-1password',
}

/**
 * The scheme of a reference such as `op://vault/item/field`: what stands before the first `:`.
 *
 * No message repeats a reference that is not understood: a value may have been pasted where a reference belongs.
 *
 * @throws StkError STK3002 if it has none.
 */
export function schemeOf(ref: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(ref)?.[1]
  if (scheme !== undefined) return scheme
  throw new StkError('STK3002', {
    why: 'It names no place to read from: a reference begins with a scheme and a colon.',
    fix: 'Write where the value is kept, never the value: env:NAME, dotenv:path#NAME, file:path, or the scheme of a plugin.',
  })
}

/** The refusal of a scheme that nothing offers, with the one that was meant or the plugin that is missing. */
export function unknownScheme(scheme: string, schemes: readonly string[]): StkError {
  const plugin = Object.hasOwn(OFFERED_BY, scheme) ? OFFERED_BY[scheme] : undefined
  if (plugin !== undefined) {
    return new StkError('STK3003', {
      why: `"${scheme}:" is read by a plugin that is not in use.`,
      fix: [`npm install --save-dev ${plugin}`, `Then add it to \`plugins\` in the config: import it from '${plugin}'.`],
    })
  }
  const near = nearest(scheme, [...schemes, ...Object.keys(OFFERED_BY)])
  return new StkError('STK3003', {
    why: near === undefined ? 'Nothing reads references of its scheme.' : `Nothing reads "${scheme}:".`,
    fix: near === undefined ? `There is: ${schemes.map((known) => `${known}:`).join(', ')}. More come with plugins.` : `Did you mean "${near}:"?`,
  })
}
