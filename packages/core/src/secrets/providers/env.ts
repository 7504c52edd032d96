import type { SecretContext, SecretProvider, SecretResult } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { readVariable } from './variable.ts'

const REFERENCE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/

/** `env:NAME`: the environment that `stk` runs in, or the file that `NAME_FILE` names there. */
export const envProvider: SecretProvider = {
  scheme: 'env',
  parseRef(ref) {
    variableOf(ref)
  },
  async resolveMany(refs, ctx) {
    ctx.signal.throwIfAborted()
    const results = new Map(await Promise.all(refs.map(async (ref) => [ref, await read(variableOf(ref), ctx)] as const)))
    ctx.signal.throwIfAborted()
    return results
  },
}

function variableOf(ref: string): string {
  const name = REFERENCE.exec(ref)?.[1]
  if (name === undefined) {
    throw new StkError('STK3002', { why: 'It does not name an environment variable.', fix: 'Write env:NAME, such as env:DATABASE_URL.' })
  }
  return name
}

function read(name: string, { env, root }: SecretContext): Promise<SecretResult> {
  const fix = `export ${name}=…`
  return readVariable(name, {
    get: (variable) => (Object.hasOwn(env, variable) ? env[variable] : undefined),
    place: 'in the environment',
    absent: () => ({ failure: 'item-not-found', why: `${name} is not set in the environment.`, fix }),
    fix: () => fix,
  }, root)
}
