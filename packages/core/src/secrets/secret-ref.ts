import type { SecretType } from './secret-type.ts'

/** Names a value that stands outside the config: in the platform's environment at run time, or resolved by `stk`. */
export interface SecretRef {
  /** An environment variable's name: `DATABASE_URL`. */
  readonly secret: string
  /** @default false */
  readonly optional?: boolean
  /** What it must look like. `stk secrets check` and `push` hold values to it. @default 'string' */
  readonly type?: SecretType
  /** What it is for and where to get it, for those who fill in the template. */
  readonly description?: string
}

/** A setting that may be written down or be kept as a secret. */
export type MaybeSecret = string | SecretRef

/** What can be said of a secret where it is named. */
export type SecretOptions = Omit<SecretRef, 'secret'>

/**
 * Names a secret in the config: `url: secret('DATABASE_URL')`.
 *
 * @param name upper-case letters, digits and `_`, not beginning with a digit.
 * @example
 * secret('SIGNING_KEY', { type: 'pem', description: 'From the security team; changed every May' })
 */
export function secret(name: string, options: SecretOptions = {}): SecretRef {
  const { optional, ...rest } = options
  return { secret: name, ...(optional ? { optional } : {}), ...rest }
}

/** What a secret may be called: what a shell and every platform accept as an environment variable. */
export const SECRET_NAME = /^[A-Z_][A-Z0-9_]*$/

export function isSecretRef(value: unknown): value is SecretRef {
  return typeof value === 'object' && value !== null && typeof (value as { secret?: unknown }).secret === 'string'
}

const OPTIONS: ReadonlySet<string> = new Set(['secret', 'optional', 'type', 'description'] satisfies (keyof SecretRef)[])

/** True for a reference and nothing else: settings of other shapes may have a `secret` among them. */
export function isPureSecretRef(value: unknown): value is SecretRef {
  return isSecretRef(value) && Object.keys(value).every((key) => OPTIONS.has(key))
}
