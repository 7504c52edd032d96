import type { SecretFailure, SecretRefusal } from '@santokit/core'

/**
 * What is said of each failure. All of it is constant: what 1Password printed may hold anything, and is never repeated.
 */
const REFUSALS: Readonly<Record<SecretFailure, Omit<SecretRefusal, 'failure'>>> = {
  'not-installed': {
    why: 'There is no way into 1Password here: no Connect server is set, the op CLI is not on PATH, and @1password/sdk has nothing to sign in with.',
    fix: 'Install the op CLI (https://developer.1password.com/docs/cli/get-started) and sign in, or set OP_CONNECT_HOST and OP_CONNECT_TOKEN, or npm install --save-dev @1password/sdk and set OP_SERVICE_ACCOUNT_TOKEN.',
  },
  'unauthenticated': {
    why: '1Password does not know who is asking.',
    fix: 'On a laptop: op signin, or switch on "Integrate with 1Password CLI" in the app. In CI: set OP_SERVICE_ACCOUNT_TOKEN, or OP_CONNECT_HOST and OP_CONNECT_TOKEN.',
  },
  'prompt-dismissed': { why: 'The request was not approved in the 1Password app.', fix: 'Run it again and approve the request.' },
  'forbidden': { why: 'Whoever is signed in may not read this vault.', fix: 'Grant the account, service account or Connect token access to the vault.' },
  'vault-not-found': { why: 'There is no such vault in this account, or it is not shared with whoever is signed in.', fix: 'op vault list shows those that can be read. If you have several accounts, name one: onepassword({ account: "acme.1password.com" }).' },
  'item-not-found': { why: 'There is no such item in the vault.', fix: 'op item list --vault VAULT shows its items. Archived ones do not count.' },
  'ambiguous': { why: 'More than one vault, item or field has this name.', fix: 'Write the id in place of the name: op item get ITEM --format json shows it.' },
  'field-not-found': { why: 'The item has no such field or section.', fix: 'op item get ITEM --vault VAULT shows its fields.' },
  'empty': { why: 'The field is empty.', fix: 'Fill it in 1Password.' },
  'malformed-ref': { why: '1Password cannot read this reference, or not this attribute of this field.', fix: 'Copy the reference from the 1Password app: "Copy Secret Reference".' },
  'rate-limited': { why: '1Password refuses further reads for now: too many were made.', fix: 'Wait until the limit is over (op service-account ratelimit shows it), and run it again. Nothing more was asked.' },
  'network': { why: '1Password cannot be reached.', fix: 'Check the connection, and OP_CONNECT_HOST if a Connect server is used.' },
  'timeout': { why: '1Password did not answer in time.', fix: 'Unlock the 1Password app if it asks, and run it again.' },
  'unknown': { why: '1Password refused for a reason that is not known here.', fix: 'Read one reference by hand to see it: op read op://…' },
}

/** The refusal for a failure, in words of ours. */
export function refusal(failure: SecretFailure, change: Partial<Omit<SecretRefusal, 'failure'>> = {}): SecretRefusal {
  return { failure, ...REFUSALS[failure], ...change }
}

/** Failures that hold for whatever else would be asked: asking on would only cost time, prompts and allowance. */
const EVERYWHERE: ReadonlySet<SecretFailure> = new Set(['not-installed', 'unauthenticated', 'prompt-dismissed', 'rate-limited', 'network', 'timeout'])

export function concernsEveryReference(failure: SecretFailure): boolean {
  return EVERYWHERE.has(failure)
}
