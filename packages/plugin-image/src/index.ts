import { definePlugin } from '@santokit/core'

/** Santokit target: OCI images built and pushed without a daemon. */
export default definePlugin(() => ({ name: 'image' }))
