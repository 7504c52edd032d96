import { definePlugin } from '@santokit/core'

/** Santokit schema engine: plan and apply through the Atlas CLI. */
export default definePlugin(() => ({ name: 'schema-atlas' }))
