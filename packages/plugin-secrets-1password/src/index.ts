import { definePlugin } from '@santokit/core'

/** Santokit secret provider: op:// references, through Connect, the op CLI or the SDK. */
export default definePlugin(() => ({ name: 'secrets-1password' }))
