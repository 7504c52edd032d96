import { StkError } from '@santokit/core'

/** Codes of Cloudflare's API that mean something to a release. */
export const CODES = {
  /** `workers.api.error.script_not_found` */
  workerNotFound: 10007,
  /** `workers.api.error.service_not_found` */
  serviceNotFound: 10090,
  /** No deployment, or no version, of this id. */
  versionNotFound: 10100,
  /** The newest version is not the one that is live, so its settings cannot be changed; nor can its secrets, one by one. */
  latestNotDeployed: 10214,
  latestSecretNotDeployed: 10215,
  /** Secrets were changed since the version was live. */
  secretsChanged: 10220,
} as const

/** An answer with a code that whoever asked may know what to do about. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'

  constructor(readonly codes: readonly number[], readonly status: number, readonly what: string) {
    super(`Cloudflare refused ${what} (${[`HTTP ${status}`, ...codes].join(', ')})`)
  }

  has(code: number): boolean {
    return this.codes.includes(code)
  }

  /** For a person, where nobody knew what to do about it. */
  explain(): StkError {
    return unexpected(this.what, `HTTP ${this.status}${this.codes.length === 0 ? '' : `, code ${this.codes.join(', ')}`}`)
  }
}

/** The codes with which Cloudflare refuses a token: not one, expired, not for this account, wrongly written. */
const BAD_TOKEN: ReadonlySet<number> = new Set([1000, 6003, 6111, 9106, 9109, 10000, 10001])

/** What a failed answer means. Codes that a caller asks about stay codes. */
export function refusalOf({ status, codes, what }: { readonly status: number; readonly codes: readonly number[]; readonly what: string }): Error {
  const known: readonly number[] = Object.values(CODES)
  if (codes.some((code) => known.includes(code))) return new ApiRefusal(codes, status, what)
  if (status === 401 || codes.some((code) => BAD_TOKEN.has(code))) return badToken(what, status, codes)
  if (status === 403) return forbidden(what, codes)
  if (status === 429 || status >= 500) return unreachable(what, `HTTP ${status}`)
  if (status === 404) return new ApiRefusal(codes, status, what)
  return new ApiRefusal(codes, status, what).explain()
}

export function badToken(what: string, status: number, codes: readonly number[] = []): StkError {
  return new StkError('STK4002', {
    why: `Cloudflare does not take the token for ${what}: ${[`HTTP ${status}`, ...codes.map((code) => `code ${code}`)].join(', ')}.`,
    fix: [
      'Check that CLOUDFLARE_API_TOKEN is whole and has not expired, and that CLOUDFLARE_ACCOUNT_ID is the account it is for.',
      'It needs the permission Workers Scripts: Edit.',
    ],
  })
}

function forbidden(what: string, codes: readonly number[]): StkError {
  return new StkError('STK4002', {
    why: `The token may not ask Cloudflare for ${what}: ${['HTTP 403', ...codes.map((code) => `code ${code}`)].join(', ')}.`,
    fix: 'Give it the permission Workers Scripts: Edit for this account.',
  })
}

export function unreachable(what: string, why: string): StkError {
  return new StkError('STK4001', { why: `Cloudflare could not be asked for ${what}: ${why}.`, fix: 'Try again; www.cloudflarestatus.com says whether it is at fault.' })
}

export function unexpected(what: string, why: string): StkError {
  return new StkError('STK4008', { why: `Cloudflare answered unexpectedly about ${what}: ${why}.`, fix: 'Run it again with --verbose, and report it if it stays.' })
}
