import { z } from 'zod'

/** Options of the plugin. None is needed: what the environment holds decides. */
export interface OnePasswordOptions {
  /**
   * The way in. Without it: Connect if `OP_CONNECT_HOST` and `OP_CONNECT_TOKEN` are set, else the `op` CLI if it is on
   * `PATH`, else `@1password/sdk` if it is installed and `OP_SERVICE_ACCOUNT_TOKEN` or `account` is set.
   */
  readonly via?: 'connect' | 'cli' | 'sdk'
  /** The account to read from, where a person has several: its sign-in address, such as `acme.1password.com`, or its id. */
  readonly account?: string
  /**
   * The CLI, by name or path.
   * @default 'op'
   */
  readonly op?: string
}

/** Reads {@link OnePasswordOptions}. */
export const onePasswordOptions = z.strictObject({
  via: z.enum(['connect', 'cli', 'sdk']).optional(),
  account: z.string().min(1).optional(),
  op: z.string().min(1).default('op'),
})

export type ReadOptions = z.output<typeof onePasswordOptions>

/** Checks what the config hands over. @throws ZodError, which core attributes to the plugin. */
export function readOptions(options: OnePasswordOptions): ReadOptions {
  return onePasswordOptions.parse(options)
}
