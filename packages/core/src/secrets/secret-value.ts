const hidden = new WeakMap<SecretValue, string>()

/**
 * A secret's value that cannot be shown by accident: in a string, in JSON, in `util.inspect` and in a log it reads
 * `[secret]`.
 */
export class SecretValue {
  constructor(value: string) {
    hidden.set(this, value)
  }

  /** The value itself. Call it where the value is handed over, never to keep it. */
  reveal(): string {
    return hidden.get(this) ?? ''
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }

  [Symbol.toPrimitive](): string {
    return '[secret]'
  }
}
