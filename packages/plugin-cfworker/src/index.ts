import { definePlugin } from '@santokit/core'

/** Santokit target: a project as its own Cloudflare Worker. */
export default definePlugin(() => ({ name: 'cfworker' }))
