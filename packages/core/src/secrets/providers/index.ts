import type { SecretProvider } from '../../plugin/contract.ts'
import { dotenvProvider } from './dotenv.ts'
import { envProvider } from './env.ts'
import { fileProvider } from './file.ts'

/** What can be read without a plugin. A plugin cannot replace these. */
export const BUILT_IN_PROVIDERS: readonly SecretProvider[] = [envProvider, dotenvProvider, fileProvider]

export { dotenvProvider, envProvider, fileProvider }
