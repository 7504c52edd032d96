/** Names a value that stands outside the config: in the platform's environment at run time, or resolved by `stk`. */
export interface SecretRef {
  /** An environment variable's name: `DATABASE_URL`. */
  readonly secret: string
  /** @default false */
  readonly optional?: boolean
}

/** A setting that may be written down or be kept as a secret. */
export type MaybeSecret = string | SecretRef

/**
 * Names a secret in the config: `url: secret('DATABASE_URL')`.
 *
 * @param name upper-case letters, digits and `_`, not beginning with a digit.
 */
export function secret(name: string, options: { readonly optional?: boolean } = {}): SecretRef {
  return options.optional ? { secret: name, optional: true } : { secret: name }
}

/** What a secret may be called: what a shell and every platform accept as an environment variable. */
export const SECRET_NAME = /^[A-Z_][A-Z0-9_]*$/

export function isSecretRef(value: unknown): value is SecretRef {
  return typeof value === 'object' && value !== null && typeof (value as { secret?: unknown }).secret === 'string'
}
