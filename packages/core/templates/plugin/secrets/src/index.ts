import { definePlugin, type Plugin } from '@santokit/core'
import { exampleProvider, type ExampleOptions } from './provider.ts'

/**
 * Adds secret references that begin with `example:`.
 *
 * @example
 * plugins: [example({ url: 'https://vault.acme.dev' })],
 * projects: { shop: { secrets: { DATABASE_URL: 'example:shop/database-url' } } },
 */
const example: (options: ExampleOptions) => Plugin = definePlugin((options: ExampleOptions) => ({
  name: 'example', secretProviders: [exampleProvider(options)],
}))

export default example
export { exampleProvider, type ExampleOptions } from './provider.ts'
