import { afterAll, describe } from 'vitest'
import { runAgainst, stopSharedPostgres } from './conformance/entry.ts'
import { stopWorkers, workerStarter } from './worker/bridge.ts'
import { closeWorkerd } from './worker/workerd.ts'

// The same suites run against every entry of the Bridge.
runAgainst('worker', workerStarter())

describe('calls', async () => void await import('./conformance/calls.ts'))
describe('caching', async () => void await import('./conformance/cache.ts'))
describe('transactions', async () => void await import('./conformance/transactions.ts'))
describe('types', async () => void await import('./conformance/types.ts'))
describe('operations', async () => void await import('./conformance/operations.ts'))

afterAll(async () => {
  await stopWorkers()
  await closeWorkerd()
  await stopSharedPostgres()
})
