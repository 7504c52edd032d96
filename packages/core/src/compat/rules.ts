import { harmless } from '../diagnostics/index.ts'

/** How bad a change is for clients that work today. */
export type Severity = 'breaking' | 'risky' | 'safe'

/** From the worst to the least. */
export const SEVERITIES: readonly Severity[] = ['breaking', 'risky', 'safe']

/**
 * Every rule that a change of a manifest is judged by. `docs/plan.md` has a row for each; a test holds the two together.
 *
 * Breaking: a client that follows what was promised to it fails. Risky: some may notice, or somebody should look at it before
 * it is live. Safe: no client notices.
 */
export const RULES = {
  'logic-added': 'safe',
  'logic-removed': 'breaking',
  'logic-private': 'breaking',

  'param-required': 'breaking',
  'param-now-required': 'breaking',
  'param-removed': 'breaking',
  'param-type': 'breaking',
  'param-null': 'breaking',
  'param-enum': 'breaking',
  'param-range': 'breaking',
  'param-format': 'breaking',
  'param-ignored': 'risky',
  'param-closed': 'risky',
  'param-default': 'risky',
  'param-undecided': 'risky',
  'param-added': 'safe',
  'param-wider': 'safe',

  'return-removed': 'breaking',
  'return-optional': 'breaking',
  'return-type': 'breaking',
  'return-null': 'breaking',
  'return-enum': 'risky',
  'return-range': 'risky',
  'return-format': 'risky',
  'return-undeclared': 'risky',
  'return-undecided': 'risky',
  'return-added': 'safe',
  'return-narrower': 'safe',

  'access-tightened': 'breaking',
  'access-opened': 'risky',
  'get-removed': 'breaking',
  'get-added': 'safe',
  'cache-longer': 'risky',
  'timeout-shorter': 'risky',

  'auth-mode': 'risky',
  'issuer-removed': 'breaking',
  'issuer-narrowed': 'breaking',
  'issuer-added': 'risky',
  'issuer-changed': 'risky',
  'cors-narrowed': 'breaking',
  'cors-opened': 'risky',
  'limit-lowered': 'risky',
  'base-url': 'risky',
  'database-changed': 'risky',
} as const satisfies { readonly [id: string]: Severity }

/** A rule by its id, as it stands in the manual. */
export type RuleId = keyof typeof RULES

/** What a change does to clients, by one rule. */
export interface Impact {
  readonly rule: RuleId
  readonly severity: Severity
  /** What it is about: a logic's path, or a part of the project such as `auth`. */
  readonly subject: string
  /** One line: `\`params.status\` is required now`. */
  readonly what: string
}

/** An impact by its rule. What was read back from a platform is shown on terminals, so nothing in it may steer one. */
export function impact(rule: RuleId, subject: string, what: string): Impact {
  return { rule, severity: RULES[rule], subject, what: harmless(what) }
}
