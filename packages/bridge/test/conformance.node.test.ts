import { afterAll, describe } from 'vitest'
import { runAgainst, stopSharedPostgres } from './conformance/entry.ts'
import { startTestBridge } from './bridge.ts'

// The same suites run against every entry of the Bridge.
runAgainst('node', startTestBridge)

describe('calls', async () => void await import('./conformance/calls.ts'))
describe('caching', async () => void await import('./conformance/cache.ts'))
describe('transactions', async () => void await import('./conformance/transactions.ts'))
describe('types', async () => void await import('./conformance/types.ts'))
describe('operations', async () => void await import('./conformance/operations.ts'))

afterAll(stopSharedPostgres)
