import { SecretValue, type SecretContext, type SecretFailure, type SecretRefusal, type SecretResult } from '@santokit/core'
import { version } from '../../package.json'
import { refusal } from '../refusals.ts'
import type { Way } from '../way.ts'

/** What is used of `@1password/sdk` (0.3 and later). */
export interface OnePasswordSdk {
  createClient(settings: { readonly auth: unknown; readonly integrationName: string; readonly integrationVersion: string }): Promise<{
    readonly secrets: {
      resolveAll(references: string[]): Promise<{
        readonly individualResponses: Readonly<Record<string, { readonly content?: { readonly secret: string } | undefined; readonly error?: { readonly type: string } | undefined }>>
      }>
    }
  }>
  readonly DesktopAuth?: new (account: string) => unknown
  readonly RateLimitExceededError?: new (message: string) => Error
  readonly AuthExpiredError?: new (message: string) => Error
  readonly DesktopSessionExpiredError?: new (message: string) => Error
}

export interface SdkCredentials {
  readonly token?: string
  readonly account?: string
}

const FAILURES: Readonly<Record<string, SecretFailure>> = {
  parsing: 'malformed-ref', fieldNotFound: 'field-not-found', noMatchingSections: 'field-not-found', vaultNotFound: 'vault-not-found', itemNotFound: 'item-not-found',
  tooManyVaults: 'ambiguous', tooManyItems: 'ambiguous', tooManyMatchingFields: 'ambiguous',
  incompatibleTOTPQueryParameterField: 'malformed-ref', incompatibleSshKeyQueryParameterField: 'malformed-ref', sSHKeyMetadataNotFound: 'malformed-ref', unsupportedFileFormat: 'malformed-ref',
}

/** Through `@1password/sdk`, which is 14 MB of WebAssembly and so is loaded when the first secret is read. */
export function sdkWay(sdk: OnePasswordSdk, { token, account }: SdkCredentials): Way {
  const mode = token === undefined ? '1Password SDK, desktop app' : '1Password SDK, service account'
  const signIn = () => sdk.createClient({
    auth: token ?? (sdk.DesktopAuth === undefined ? undefined : new sdk.DesktopAuth(account ?? '')),
    integrationName: 'Santokit', integrationVersion: `v${version}`,
  })
  return {
    async identify({ signal }) {
      try {
        await unless(signal, signIn())
      } catch (error) {
        signal.throwIfAborted()
        return failureOf(error, sdk, 'unauthenticated')
      }
      return { identity: token === undefined ? account ?? 'the desktop app' : 'a service account', mode }
    },
    async resolve(references, { signal }: SecretContext) {
      signal.throwIfAborted()
      const everyone = (result: SecretResult): ReadonlyMap<string, SecretResult> => new Map(references.map(({ text }) => [text, result]))
      let client: Awaited<ReturnType<typeof signIn>>
      try {
        client = await unless(signal, signIn())
      } catch (error) {
        signal.throwIfAborted()
        return everyone(failureOf(error, sdk, 'unauthenticated'))
      }
      try {
        const { individualResponses } = await unless(signal, client.secrets.resolveAll(references.map(({ text }) => text)))
        return new Map(references.map(({ text }) => [text, read(individualResponses[text])]))
      } catch (error) {
        signal.throwIfAborted()
        return everyone(failureOf(error, sdk, 'unknown'))
      }
    },
  }
}

function read(response: { readonly content?: { readonly secret: string } | undefined; readonly error?: { readonly type: string } | undefined } | undefined): SecretResult {
  if (response?.content !== undefined) return response.content.secret === '' ? refusal('empty') : { value: new SecretValue(response.content.secret) }
  const type = response?.error?.type ?? ''
  return refusal(Object.hasOwn(FAILURES, type) ? FAILURES[type] ?? 'unknown' : 'unknown')
}

/** By class: the message of an error may hold anything. */
function failureOf(error: unknown, sdk: OnePasswordSdk, otherwise: SecretFailure): SecretRefusal {
  const is = (kind: (new (message: string) => Error) | undefined): boolean => kind !== undefined && error instanceof kind
  if (is(sdk.RateLimitExceededError)) return refusal('rate-limited')
  if (is(sdk.AuthExpiredError) || is(sdk.DesktopSessionExpiredError)) return refusal('unauthenticated')
  return refusal(otherwise)
}

/** The SDK knows no cancelling: what it answers after the signal is dropped. */
async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
  aborted.catch(() => {})
  return Promise.race([work, aborted])
}
