import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SecretFailure } from '@santokit/core'
import { parseReference } from '../reference.ts'
import { classify } from './classify.ts'

const AT = '[ERROR] 2026/03/04 05:06:07 '
const REF = 'op://prod/shop db/url'

/** What `op` 2.x was seen to print, one line for each way it says a thing. */
const SAMPLES: readonly (readonly [text: string, failure: SecretFailure])[] = [
  [`${AT}"shop db" isn't an item in the "prod" vault. Specify the item with its UUID, name, or domain.`, 'item-not-found'],
  [`"shop db" isn't an item in the "prod" vault. Specify the item with its UUID, name, or domain.`, 'item-not-found'],
  [`${AT}"shop db" isn't an item. Specify the item with its UUID, name, or domain.`, 'item-not-found'],
  [`${AT}could not get item prod/shop db: "shop db" isn't an item in the "prod" vault. Specify the item with its UUID, name, or domain.`, 'item-not-found'],
  [`${AT}could not read secret '${REF}': could not get item prod/shop db: "shop db" isn't an item in the "prod" vault. Specify the item with its UUID, name, or domain.`, 'item-not-found'],
  [`could not read secret '${REF}': "shop db" isn't an item in the "prod" vault`, 'item-not-found'],
  [`${AT}could not resolve item UUID for item shop db: could not find item shop db in vault 3krbvotxjulf6nvqm2k4xfb2p4`, 'item-not-found'],
  [`${AT}could not resolve item UUID for item shop db`, 'item-not-found'],
  [`[ERROR] could not find item shop db in vault 3krbvotxjulf6nvqm2k4xfb2p4`, 'item-not-found'],
  [`${AT}"prod" isn't a vault in this account. Specify the vault with its ID or name.`, 'vault-not-found'],
  [`${AT}"prod" isn't a vault in this account.`, 'vault-not-found'],
  [`${AT}could not read secret '${REF}': "prod" isn't a vault in this account. Specify the vault with its ID or name.`, 'vault-not-found'],
  [`${AT}item 'prod/shop db' does not have a field 'url'`, 'field-not-found'],
  [`${AT}could not read secret '${REF}': item 'prod/shop db' does not have a field 'url'`, 'field-not-found'],
  [`${AT}"url" isn't a field in the "shop db" item. Check available fields with \`op item get\`.`, 'field-not-found'],
  [`${AT}"url" isn't a field in the "shop db" item`, 'field-not-found'],
  [`${AT}invalid secret reference '${REF}': too few '/': secret references should have at least vault, item and field specified`, 'malformed-ref'],
  [`${AT}invalid secret reference 'op://For Chang's/item/credential': invalid character in secret reference: '''`, 'malformed-ref'],
  [`${AT}could not read secret '${REF}': invalid secret reference '${REF}': vault can't be empty`, 'malformed-ref'],
  [`${AT}More than one item matches "shop db". Try again and specify the item by its ID:\n\t* for the item "shop db" in vault prod: abc\n\t* for the item "shop db" in vault prod: def`, 'ambiguous'],
  [`${AT}could not get item prod/shop db: More than one item matches "shop db". Try again and specify the item by its ID:\n\t* for the item "shop db" in vault prod: abc`, 'ambiguous'],
  [`${AT}(403) Forbidden: You aren't authorized to access this resource.`, 'forbidden'],
  [`${AT}could not read secret '${REF}': (403) Forbidden: You aren't authorized to access this resource.`, 'forbidden'],
  [`${AT}(401) Unauthorized: invalid bearer token`, 'unauthenticated'],
  [`${AT}Too many requests. Your client has been rate-limited. Please try again later`, 'rate-limited'],
  [`${AT}(429) Too Many Requests: You've reached the maximum number of this type of requests this service account is allowed to make. Please retry in 59 minutes or try other requests.`, 'rate-limited'],
  [`${AT}could not read secret '${REF}': Too many requests. Your client has been rate-limited.`, 'rate-limited'],
  ['No accounts configured for use with 1Password CLI.', 'unauthenticated'],
  [`${AT}no accounts configured for use with 1Password CLI`, 'unauthenticated'],
  [`${AT}No accounts configured for use with 1Password CLI.\n\nTurn on the 1Password desktop app integration to use it with the CLI.`, 'unauthenticated'],
  [`${AT}found no accounts for filter "acme"`, 'unauthenticated'],
  [`${AT}You are not currently signed in. Please run \`op signin --help\` for instructions`, 'unauthenticated'],
  [`${AT}could not read secret '${REF}': error initializing client: You are not currently signed in. Please run \`op signin --help\` for instructions`, 'unauthenticated'],
  [`${AT}error initializing client: You are not currently signed in. Please run \`op signin\`.`, 'unauthenticated'],
  [`${AT}account is not signed in`, 'unauthenticated'],
  [`${AT}could not find session token for account acme`, 'unauthenticated'],
  [`${AT}session expired, sign in to create a new session`, 'unauthenticated'],
  [`${AT}failed to session.DecodeSACredentials: failed to DecodeSACredentials: invalid credentials provided`, 'unauthenticated'],
  [`${AT}could not read secret '${REF}': error initializing client: Validation: (failed to session.DecodeSACredentials), Server: (failed to DecodeSACredentials), illegal base64 data at input byte 12`, 'unauthenticated'],
  ['[ERROR] Signin credentials are not compatible with the provided user auth from server', 'unauthenticated'],
  [`${AT}connecting to desktop app: read: connection reset, make sure 1Password CLI is installed correctly, then open the app`, 'unauthenticated'],
  [`${AT}1Password CLI couldn't connect to the 1Password desktop app. To fix this, update the app and restart it.`, 'unauthenticated'],
  [`${AT}connecting to desktop app timed out`, 'timeout'],
  [`${AT}error initializing client: authorization timeout`, 'timeout'],
  [`${AT}authorization timeout`, 'timeout'],
  [`${AT}read: context deadline exceeded`, 'timeout'],
  [`${AT}error initializing client: authorization prompt dismissed, please try again`, 'prompt-dismissed'],
  [`${AT}authorization prompt dismissed`, 'prompt-dismissed'],
  [`${AT}Post "https://my.1password.com/api/v2/auth": dial tcp: lookup my.1password.com: no such host`, 'network'],
  [`${AT}error initializing client: dial tcp 10.0.0.1:443: connect: connection refused`, 'network'],
  [`${AT}Get "https://my.1password.com/api/v1/vault": dial tcp 10.0.0.1:443: i/o timeout`, 'network'],
]

test.each(SAMPLES)('%s', (text, failure) => {
  expect(classify(text).failure).toBe(failure)
  expect(classify(`${text}\n`).failure).toBe(failure)
  // Windows ends lines otherwise, and warnings may come first.
  expect(classify(`[WARN] 2026/03/04 05:06:06 an update is there\r\n${text.replaceAll('\n', '\r\n')}\r\n`).failure).toBe(failure)
})

test('there are at least forty samples, and every failure that op can cause is among them', () => {
  expect(SAMPLES.length).toBeGreaterThanOrEqual(40)
  expect(new Set(SAMPLES.map(([, failure]) => failure))).toEqual(new Set([
    'item-not-found', 'vault-not-found', 'field-not-found', 'malformed-ref', 'ambiguous', 'forbidden', 'unauthenticated', 'rate-limited', 'timeout', 'prompt-dismissed', 'network',
  ]))
})

test('a text that nobody has seen stays unknown', () => {
  for (const text of ['', '\n', 'panic: runtime error', '[ERROR] 2026/03/04 05:06:07 ', `${AT}something new`, 'Error: too many requests', `${AT}parsing error at 4:53: only secret references or quoted strings can be enclosed in unescaped {{ }}s`]) {
    expect(classify(text).failure).toBe('unknown')
  }
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
    expect(classify(text).failure).toBe('unknown')
  }), { numRuns: 500 })
})

test('a message inside of another text is not taken for one', () => {
  const sample = fc.constantFrom(...SAMPLES.map(([text]) => text.replace(AT, '').split('\n')[0] ?? ''))
  fc.assert(fc.property(sample, fc.stringMatching(/^[a-z]{1,12} $/), (text, before) => {
    expect(classify(`${AT}${before}${text}`).failure).toBe('unknown')
  }), { numRuns: 500 })
})

test('the name of an item cannot pass for a message', () => {
  fc.assert(fc.property(fc.constantFrom(...SAMPLES), fc.constantFrom(...SAMPLES), ([name], [, failure]) => {
    const item = (name.replace(AT, '').split('\n')[0] ?? '').replaceAll('"', '')
    expect(classify(`${AT}"${item}" isn't an item in the "prod" vault. Specify the item with its UUID, name, or domain.`).failure).toBe('item-not-found')
    expect(failure).not.toBe('unknown')
  }))
})

test('a sample that lost a word is the same or unknown, never something else', () => {
  fc.assert(fc.property(fc.constantFrom(...SAMPLES), fc.nat(), ([text, failure], at) => {
    const words = text.split(' ')
    const lost = words.toSpliced(at % words.length, 1).join(' ')
    expect([failure, 'unknown']).toContain(classify(lost).failure)
  }), { numRuns: 500 })
})

test('it knows which references a message is about', () => {
  const url = parseReference('op://prod/shop db/url')
  const other = parseReference('op://prod/shop db/password')
  const elsewhere = parseReference('op://prod/mail/key')
  const about = (text: string) => [url, other, elsewhere].map((reference) => classify(`${AT}${text}`).isAbout(reference))
  expect(about('could not resolve item UUID for item Shop DB: could not find item Shop DB in vault x')).toEqual([true, true, false])
  expect(about("item 'prod/shop db' does not have a field 'url'")).toEqual([true, false, false])
  expect(about(`"prod" isn't a vault in this account. Specify the vault with its ID or name.`)).toEqual([true, true, true])
  expect(about("could not read secret 'op://prod/mail/key': (403) Forbidden: no")).toEqual([false, false, true])
  expect(about('(403) Forbidden: no')).toEqual([false, false, false])
  expect(about('something new')).toEqual([false, false, false])
})
