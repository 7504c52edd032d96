import { connect, openRepository, type ConnectionOptions, type Credential, type Repository } from '../../src/registry/index.ts'
import { SecretValue } from '@santokit/core'
import type { TestRegistry } from './registry.ts'

/** What the tests sign in with. Planted: it must be seen by nobody but the registry. */
export const USERNAME = 'ci'
export const PASSWORD = 'hunter2-planted-password'
export const IDENTITY = 'planted-identity-token'

export function password(): Credential {
  return { kind: 'password', username: USERNAME, password: new SecretValue(PASSWORD) }
}

export interface OpenOptions extends Partial<ConnectionOptions> {
  readonly as?: Credential
  /** Waits that were asked for, in milliseconds. None is waited for. */
  readonly waits?: number[]
}

/** Opens `acme/shop`, or another repository, of a registry of the tests. */
export function open(registry: Pick<TestRegistry, 'host'>, name = 'acme/shop', { as, waits = [], ...options }: OpenOptions = {}): Repository {
  return openRepository(connect({
    registry: registry.host,
    credential: () => Promise.resolve(as),
    signal: new AbortController().signal,
    wait: (milliseconds, signal) => {
      signal.throwIfAborted()
      waits.push(milliseconds)
      return Promise.resolve()
    },
    ...options,
  }), name)
}
