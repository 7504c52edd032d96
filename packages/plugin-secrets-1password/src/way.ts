import type { SecretContext, SecretIdentity, SecretRefusal, SecretResult } from '@santokit/core'
import type { Reference } from './reference.ts'

/** A way into 1Password. */
export interface Way {
  /** Says who is asking, without reading a value. */
  identify(ctx: SecretContext): Promise<SecretIdentity | SecretRefusal>
  /** One result for each reference, by its text. */
  resolve(references: readonly Reference[], ctx: SecretContext): Promise<ReadonlyMap<string, SecretResult>>
}
