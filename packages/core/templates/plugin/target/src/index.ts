import { definePlugin, type Plugin } from '@santokit/core'
import type { ExampleOptions } from './options.ts'
import { exampleTarget } from './target.ts'

// What makes a misspelt option of `targets` a compile error in the config of whoever installs this package.
declare module '@santokit/core' {
  interface TargetTypes {
    /** Releases in a folder. */
    readonly 'example': ExampleOptions
  }
}

/**
 * Adds the target type `example`.
 *
 * @example
 * plugins: [example()],
 * projects: { shop: { targets: { 'example': { to: 'releases' } } } },
 */
const example: () => Plugin = definePlugin(() => ({ name: 'example', targets: [exampleTarget] }))

export default example
export { exampleTarget } from './target.ts'
export type { ExampleOptions } from './options.ts'
