import { defineSecretProvider, type SecretContext, type SecretProvider, type SecretRefusal } from '@santokit/core'
import { cliWay, findOp } from './cli/way.ts'
import { connectWay } from './connect/way.ts'
import type { ReadOptions } from './options.ts'
import { parseReference } from './reference.ts'
import { refusal } from './refusals.ts'
import { sdkWay, type OnePasswordSdk } from './sdk/way.ts'
import type { Way } from './way.ts'

/** The parts of the world that tests put in place of the real ones. */
export interface World {
  readonly fetch: typeof fetch
  /** Loads `@1password/sdk`; `undefined` where it is not installed. */
  loadSdk(): Promise<OnePasswordSdk | undefined>
}

const REAL: World = {
  fetch: (...request) => fetch(...request),
  async loadSdk() {
    try {
      // The name is not a literal, so that neither a bundler nor a type check asks for what is optional.
      const name: string = '@1password/sdk'
      return await import(name) as OnePasswordSdk
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
      throw error
    }
  },
}

/** The provider of `op://` references. */
export function onePassword(options: ReadOptions, world: World = REAL): SecretProvider {
  return defineSecretProvider({
    scheme: 'op',
    parseRef(ref) {
      parseReference(ref)
    },
    async preflight(ctx) {
      const way = await chooseWay(options, ctx, world)
      return 'failure' in way ? way : way.identify(ctx)
    },
    async resolveMany(refs, ctx) {
      ctx.signal.throwIfAborted()
      const references = [...new Set(refs)].map(parseReference)
      if (references.length === 0) return new Map()
      const way = await chooseWay(options, ctx, world)
      return 'failure' in way ? new Map(references.map(({ text }) => [text, way])) : way.resolve(references, ctx)
    },
  })
}

/** Connect before the CLI before the SDK, as 1Password's own tools have it; `via` overrides. */
async function chooseWay(options: ReadOptions, ctx: SecretContext, world: World): Promise<Way | SecretRefusal> {
  const { via, account } = options
  const set = (name: string): string | undefined => ctx.env[name] === '' ? undefined : ctx.env[name]
  const host = set('OP_CONNECT_HOST')
  const connectToken = set('OP_CONNECT_TOKEN')
  const token = set('OP_SERVICE_ACCOUNT_TOKEN')

  if (via === 'connect' || (via === undefined && host !== undefined && connectToken !== undefined)) {
    if (host === undefined || connectToken === undefined) {
      return refusal('unauthenticated', { why: 'Connect needs OP_CONNECT_HOST and OP_CONNECT_TOKEN.', fix: 'export OP_CONNECT_HOST=https://… OP_CONNECT_TOKEN=…' })
    }
    return connectWay({ host, token: connectToken, fetch: world.fetch })
  }
  if (via !== 'sdk') {
    const program = findOp(options.op, ctx)
    if (program !== undefined) return cliWay(program, options, ctx)
    if (via === 'cli') return refusal('not-installed', { why: 'The op CLI is not where it is looked for: on PATH, or at the path that the option `op` gives.' })
  }
  if (token === undefined && account === undefined && via === undefined) return refusal('not-installed')
  const sdk = await world.loadSdk()
  if (sdk === undefined) return via === 'sdk' ? refusal('not-installed', { why: '@1password/sdk is not installed.', fix: 'npm install --save-dev @1password/sdk' }) : refusal('not-installed')
  if (token !== undefined) return sdkWay(sdk, { token })
  if (account !== undefined && sdk.DesktopAuth !== undefined && ctx.interactive) return sdkWay(sdk, { account })
  return refusal('unauthenticated')
}
