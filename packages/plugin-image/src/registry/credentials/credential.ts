import type { SecretValue } from '@santokit/core'

/** How to sign in to a registry. */
export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: SecretValue }
  /** An OAuth2 refresh token: it is exchanged for access tokens and never sent to the registry itself. */
  | { readonly kind: 'identity'; readonly token: SecretValue }
  /** An access token that somebody else has fetched. */
  | { readonly kind: 'access'; readonly token: SecretValue }
