import type { AuthEventListener } from '../auth/index.ts'
import type { Family } from './exposition.ts'

interface IssuerMeter {
  fetched: number
  failed: number
  keys: number
  /** Seconds since 1970; 0 if never. */
  fetchedAt: number
}

/** What happens to the keys of each issuer. */
export class AuthMetrics {
  readonly #byIssuer: ReadonlyMap<string, IssuerMeter>

  constructor(issuers: Iterable<string>) {
    this.#byIssuer = new Map([...issuers].map((issuer) => [issuer, { fetched: 0, failed: 0, keys: 0, fetchedAt: 0 }]))
  }

  readonly listen: AuthEventListener = ({ type, issuer, keys }) => {
    const meter = this.#byIssuer.get(String(issuer))
    if (meter === undefined) return
    if (type === 'keys_unavailable') meter.failed++
    if (type !== 'keys_fetched') return
    meter.fetched++
    meter.keys = Number(keys)
    meter.fetchedAt = Date.now() / 1000
  }

  families(): Family[] {
    const meters = [...this.#byIssuer]
    return [
      {
        name: 'santokit_jwks_fetches_total', type: 'counter', help: 'Fetches of an issuer\'s keys, by outcome.',
        samples: meters.flatMap(([issuer, { fetched, failed }]) => [
          { labels: { issuer, outcome: 'ok' }, value: fetched }, { labels: { issuer, outcome: 'failed' }, value: failed },
        ]),
      },
      {
        name: 'santokit_jwks_keys', type: 'gauge', help: 'Usable keys in an issuer\'s last good set.',
        samples: meters.map(([issuer, { keys }]) => ({ labels: { issuer }, value: keys })),
      },
      {
        name: 'santokit_jwks_last_success_timestamp_seconds', type: 'gauge', help: 'When an issuer\'s keys were last fetched; 0 if never.',
        samples: meters.map(([issuer, { fetchedAt }]) => ({ labels: { issuer }, value: fetchedAt })),
      },
    ]
  }
}
