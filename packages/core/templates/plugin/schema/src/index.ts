import { definePlugin, type Plugin } from '@santokit/core'
import { exampleEngine } from './engine.ts'

/**
 * Adds a schema engine for libsql and SQLite.
 *
 * @example
 * plugins: [example()],
 */
const example: () => Plugin = definePlugin(() => ({ name: 'example', schemaEngines: [exampleEngine] }))

export default example
export { exampleEngine } from './engine.ts'
