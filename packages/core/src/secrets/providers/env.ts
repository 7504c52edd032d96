import type { SecretProvider, SecretResult } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { SecretValue } from '../secret-value.ts'

const REFERENCE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/

/** `env:NAME`: the environment that `stk` runs in. */
export const envProvider: SecretProvider = {
  scheme: 'env',
  parseRef(ref) {
    variableOf(ref)
  },
  async resolveMany(refs, ctx) {
    ctx.signal.throwIfAborted()
    return new Map(refs.map((ref) => [ref, read(variableOf(ref), ctx.env)]))
  },
}

function variableOf(ref: string): string {
  const name = REFERENCE.exec(ref)?.[1]
  if (name === undefined) {
    throw new StkError('STK3002', { why: 'It does not name an environment variable.', fix: 'Write env:NAME, such as env:DATABASE_URL.' })
  }
  return name
}

function read(name: string, env: Readonly<Record<string, string | undefined>>): SecretResult {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value === undefined) return { failure: 'item-not-found', why: `${name} is not set in the environment.`, fix: `export ${name}=…` }
  if (value === '') return { failure: 'empty', why: `${name} is set in the environment, but empty.`, fix: `export ${name}=…` }
  return { value: new SecretValue(value) }
}
