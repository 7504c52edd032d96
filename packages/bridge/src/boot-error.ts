/** What keeps a Bridge from starting, as a stable code. */
export type BootErrorCode =
  | 'bad_setting' | 'missing_secrets' | 'auth_disabled' | 'auth_setting'
  | 'bundle_missing' | 'bundle_unreachable' | 'bundle_too_large' | 'bundle_archive' | 'bundle_tampered'
  | 'manifest_version' | 'manifest_invalid' | 'manifest_digest'
  | 'node_version' | 'logic_broken' | 'database_setting' | 'address_unusable'

/** Why a Bridge does not start, and what a person can do about it. Never holds the value of a secret. */
export class BootError extends Error {
  override readonly name = 'BootError'
  readonly code: BootErrorCode
  /** What was found, in one or more lines. */
  readonly why: string
  /** What to change. */
  readonly fix: string

  constructor(code: BootErrorCode, why: string, fix: string, options?: ErrorOptions) {
    super(why, options)
    this.code = code
    this.why = why
    this.fix = fix
  }
}

/** The block an entry prints on stderr. */
export function formatBootError(error: BootError): string {
  const indent = (text: string): string => text.split('\n').join('\n       ')
  return `santokit-bridge cannot start: ${error.code}\n\n  why  ${indent(error.why)}\n  fix  ${indent(error.fix)}\n`
}
