import type { SecretContext } from '../plugin/contract.ts'
import type { SchemaContext } from '../schema/contract.ts'

/** What a secret provider's methods are given, for tests: nobody to ask, an empty environment, a signal that is never aborted. */
export function secretContext(given: Partial<SecretContext> = {}): SecretContext {
  return {
    root: process.cwd(), environment: 'test', env: {}, interactive: false, signal: new AbortController().signal, progress() {}, warn() {}, ...given,
  }
}

/** What a schema engine's methods are given, for tests: this process's environment, and a signal that is never aborted. */
export function schemaContext(given: Partial<SchemaContext> = {}): SchemaContext {
  return {
    root: process.cwd(), environment: 'test', env: process.env, signal: new AbortController().signal, progress() {}, warn() {}, ...given,
  }
}
