import { waitUntil } from 'cloudflare:workers'
import { createWorkerHandler } from './worker/handler.ts'
import type { Worker, WorkerProject } from './worker/contract.ts'

export { LEAST_COMPATIBILITY_DATE } from './worker/contract.ts'
export type { OpenCallDatabase, Worker, WorkerDatabaseSettings, WorkerDrivers, WorkerEnvironment, WorkerProject } from './worker/contract.ts'

/** The Bridge of one project as a Cloudflare Worker: what the module of a Worker exports by default. */
export function createWorker(project: WorkerProject): Worker {
  return { fetch: createWorkerHandler(project, waitUntil) }
}
