import { createRequire } from 'node:module'

/** The version of `@santokit/core`, which built bundles carry as their generator. */
export const VERSION: string = (createRequire(import.meta.url)('@santokit/core/package.json') as { version: string }).version
