import { definePlugin, type Plugin } from '@santokit/core'
import type { WorkerOptions } from './options.ts'
import { refuseSharedWorkers } from './shared-workers.ts'
import { workerTarget } from './target.ts'

declare module '@santokit/core' {
  interface TargetTypes {
    /** A Cloudflare Worker for each project. */
    readonly cfworker: WorkerOptions
  }
}

/**
 * Adds the target type `cfworker`.
 *
 * @example
 * plugins: [cfworker()],
 * projects: { shop: { targets: { cfworker: { name: 'shop' } } } },
 */
const cfworker: () => Plugin = definePlugin(() => ({ name: 'cfworker', targets: [workerTarget], configResolved: refuseSharedWorkers }))

export default cfworker
export { workerTarget } from './target.ts'
export type { WorkerPackage } from './bundle/package.ts'
export type { WorkerOptions, WorkerRoute } from './options.ts'
