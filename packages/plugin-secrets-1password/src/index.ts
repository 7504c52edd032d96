import { definePlugin } from '@santokit/core'
import { readOptions, type OnePasswordOptions } from './options.ts'
import { onePassword } from './provider.ts'

export type { OnePasswordOptions } from './options.ts'

/**
 * Reads `op://vault/item/[section/]field` references from 1Password: through a Connect server, the `op` CLI (a service
 * account, or the desktop app of whoever releases), or `@1password/sdk` where it is installed.
 */
export default definePlugin((options: OnePasswordOptions = {}) => ({
  name: 'secrets-1password',
  secretProviders: [onePassword(readOptions(options))],
}))
