import { definePlugin, StkError, type Plugin } from '@santokit/core'
import { z } from 'zod'
import { atlasEngine } from './engine.ts'
import { atlasOptions, type AtlasOptions } from './options.ts'

/**
 * Plans schema changes with Atlas: `stk schema plan` and `stk schema apply`.
 *
 * @example
 * plugins: [atlas()],
 */
const atlas: (options?: AtlasOptions) => Plugin = definePlugin((options: AtlasOptions = {}) => {
  const parsed = atlasOptions.safeParse(options)
  if (!parsed.success) throw new StkError('STK1003', { why: `The options of the plugin schema-atlas are not valid: ${z.prettifyError(parsed.error)}` })
  return { name: 'schema-atlas', schemaEngines: [atlasEngine(parsed.data)] }
})

export default atlas
export { atlasEngine } from './engine.ts'
export type { AtlasOptions } from './options.ts'
