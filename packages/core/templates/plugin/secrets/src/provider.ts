import { defineSecretProvider, SecretValue, StkError, type SecretContext, type SecretProvider, type SecretResult } from '@santokit/core'

export interface ExampleOptions {
  /** Where the vault answers: `GET <url>/<name>` with `{ "value": "…" }`. */
  readonly url: string
}

/** The environment variable with the provider's own credential. */
const TOKEN = 'EXAMPLE_TOKEN'

/** How many requests are under way at once. */
const AT_ONCE = 16

/** Reads `example:NAME` from a vault that speaks HTTP. */
export function exampleProvider({ url }: ExampleOptions): SecretProvider {
  return defineSecretProvider({
    scheme: 'example',

    /** Checks the form, offline. Never repeats what it refuses: a value may have been pasted in its place. */
    parseRef(ref) {
      nameOf(ref)
    },

    /** Who is signed in, for `stk secrets check`. Reads no value. */
    async preflight(ctx) {
      if (tokenOf(ctx) === undefined) return { failure: 'unauthenticated', why: `${TOKEN} is not set.`, fix: `export ${TOKEN}=…` }
      return { identity: url, mode: TOKEN }
    },

    /** Every reference of the run at once, each one once. One that fails does not fail the others. */
    async resolveMany(refs, ctx) {
      const results = new Map<string, SecretResult>()
      const waiting = [...refs]
      const work = async (): Promise<void> => {
        for (let ref = waiting.shift(); ref !== undefined; ref = waiting.shift()) {
          ctx.signal.throwIfAborted()
          results.set(ref, await read(`${url}/${nameOf(ref)}`, ctx))
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      return results
    },
  })
}

/** @throws StkError STK3002 */
function nameOf(ref: string): string {
  const name = /^example:([a-z0-9-]+(?:\/[a-z0-9-]+)*)$/.exec(ref)?.[1]
  if (name === undefined) throw new StkError('STK3002', { why: 'It does not name an entry.', fix: 'Write example:folder/name.' })
  return name
}

async function read(url: string, ctx: SecretContext): Promise<SecretResult> {
  // Of what fetch or the server says, nothing gets into a message: it may hold a value.
  let response: Response
  try {
    response = await fetch(url, { signal: ctx.signal, redirect: 'error', headers: { authorization: `Bearer ${tokenOf(ctx) ?? ''}` } })
  } catch {
    ctx.signal.throwIfAborted()
    return { failure: 'network', why: 'The vault does not answer.' }
  }
  if (response.status === 401) return { failure: 'unauthenticated', why: 'The vault refuses the token.', fix: `Set ${TOKEN} to one that is valid.` }
  if (response.status === 403) return { failure: 'forbidden', why: 'The token may not read it.' }
  if (response.status === 404) return { failure: 'item-not-found', why: 'The vault has no such entry.' }
  if (!response.ok) return { failure: 'unknown', why: `The vault answered with ${response.status}.` }
  const { value } = await response.json() as { readonly value: string }
  return { value: new SecretValue(value) }
}

function tokenOf({ env }: SecretContext): string | undefined {
  return env[TOKEN]
}
