import type { SecretFailure } from '@santokit/core'
import type { Reference } from '../reference.ts'

/** What `op` meant by a failure, and of which references it spoke. */
export interface OpFailure {
  readonly failure: SecretFailure
  /** True for a reference that the message names; always false where it names nothing. */
  isAbout(reference: Reference): boolean
}

type Named = Partial<Record<'vault' | 'item' | 'field' | 'ref', string>>

/**
 * Every failure exits with 1, so its text is all there is. Each line is matched whole, from its start, so that the name of
 * an item cannot pass for a message; what is not recognised stays `unknown`.
 */
const MESSAGES: readonly (readonly [pattern: RegExp, failure: SecretFailure])[] = [
  [/^"(?<item>.+)" isn't an item in the "(?<vault>.+)" vault(?:\.|$)/, 'item-not-found'],
  [/^"(?<item>.+)" isn't an item(?:\.|$)/, 'item-not-found'],
  [/^could not resolve item UUID for item (?<item>.+?)(?:: could not find item .+ in vault \S+)?$/, 'item-not-found'],
  [/^could not find item (?<item>.+) in vault \S+$/, 'item-not-found'],
  [/^"(?<vault>.+)" isn't a vault in this account(?:\.|$)/, 'vault-not-found'],
  [/^item '(?<vault>[^/']+)\/(?<item>[^']+)' does not have a field '(?<field>[^']+)'$/, 'field-not-found'],
  [/^"(?<field>.+)" isn't a field in the "(?<item>.+)" item(?:\.|$)/, 'field-not-found'],
  [/^invalid secret reference '(?<ref>.*)': ./, 'malformed-ref'],
  [/^More than one vault matches "(?<vault>.+)"\. ./, 'ambiguous'],
  [/^More than one item matches "(?<item>.+)"\. ./, 'ambiguous'],
  [/^\(403\) Forbidden(?::|$)/, 'forbidden'],
  [/^\(401\) Unauthorized(?::|$)/, 'unauthenticated'],
  [/^\(429\) Too Many Requests(?::|$)/, 'rate-limited'],
  [/^Too many requests\. Your client has been rate-limited\./, 'rate-limited'],
  [/^[Nn]o accounts configured for use with 1Password CLI\b/, 'unauthenticated'],
  [/^found no accounts? for filter ./, 'unauthenticated'],
  [/^You are not currently signed in\. Please run `op signin\b/, 'unauthenticated'],
  [/^account is not signed in$/, 'unauthenticated'],
  [/^could not find session token for account ./, 'unauthenticated'],
  [/^[Ss]ession expired, sign in to create a new session$/, 'unauthenticated'],
  [/^(?:Validation: \()?failed to session\.DecodeSACredentials\b/, 'unauthenticated'],
  [/^Signin credentials are not compatible with the provided user auth from server$/, 'unauthenticated'],
  [/^connecting to desktop app timed out$/, 'timeout'],
  [/^connecting to desktop app: ./, 'unauthenticated'],
  [/^1Password CLI couldn't connect to the 1Password desktop app\b/, 'unauthenticated'],
  [/^authorization timeout$/, 'timeout'],
  [/^(?:(?:read|write|dial tcp \S+): )?context deadline exceeded$/, 'timeout'],
  [/^authorization prompt dismissed(?:, please try again)?$/, 'prompt-dismissed'],
  [/^(?:(?:Get|Post|Put) "https:\/\/[^"]+": )?dial tcp\b.*: (?:.+: )?(?:no such host|connection refused|i\/o timeout|network is unreachable|no route to host)$/, 'network'],
]

const PREFIX = /^\[ERROR\] (?:\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2} )?/
/** What `op` puts before the message of something that failed further down. */
const AROUND = [
  /^could not read secret '(?<ref>[^']*)': /,
  /^could not get item (?<vault>[^/:]+)\/(?<item>[^:]+): /,
  /^error initializing client: /,
]

/** Reads `op`'s stderr. */
export function classify(stderr: string): OpFailure {
  for (const line of stderr.split('\n')) {
    const found = classifyLine(line.trimEnd())
    if (found !== undefined) return found
  }
  return { failure: 'unknown', isAbout: () => false }
}

function classifyLine(line: string): OpFailure | undefined {
  let text = line.replace(PREFIX, '')
  const named: Named = {}
  for (const around of AROUND) {
    const found = around.exec(text)
    if (found === null) continue
    Object.assign(named, found.groups)
    text = text.slice(found[0].length)
  }
  for (const [pattern, failure] of MESSAGES) {
    const found = pattern.exec(text)
    if (found === null) continue
    const names: Named = { ...named, ...found.groups }
    return { failure, isAbout: (reference) => isNamed(reference, names) }
  }
  return undefined
}

function isNamed(reference: Reference, { ref, vault, item, field }: Named): boolean {
  if (ref !== undefined) return reference.text === ref
  if (vault === undefined && item === undefined) return false
  return isSame(reference.vault, vault) && isSame(reference.item, item) && isSame(reference.field, field)
}

function isSame(part: string, named: string | undefined): boolean {
  return named === undefined || part.toLowerCase() === named.toLowerCase()
}
