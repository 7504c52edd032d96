import { expect, test } from 'vitest'
import type { Release } from '../../plugin/contract.ts'
import { approveRelease } from './approve.ts'
import type { PlannedRelease } from './format.ts'

const digest = (fill: string): `sha256:${string}` => `sha256:${fill.repeat(64)}`

const planned: PlannedRelease = {
  project: 'shop', target: 'edge', type: 'edge', config: digest('a'), logic: { 'orders/list': digest('b') }, settings: { auth: digest('c') },
  bundle: digest('d'), package: digest('e'), revision: '0123456789abcdef', live: { id: 'r1', digest: digest('1') }, observed: 'v1',
  steps: [{ action: 'upload', subject: 'layer one' }, { action: 'create', subject: 'tag:new' }, { action: 'update', subject: 'tag:production' }, { action: 'update', subject: 'the list' }],
  secrets: [],
}

const live = (fill: string, id = 'r2'): Release => ({ id, project: 'shop', target: 'edge', environment: 'production', digest: digest(fill), at: '2030-01-01T00:00:00Z' })

const approve = (now: Partial<PlannedRelease>, more: { readonly live?: Release; readonly planned?: Partial<PlannedRelease> } = {}): unknown => {
  try {
    return approveRelease({ ...planned, ...more.planned }, { ...planned, ...now }, more.live ?? live('1', 'r1'), ['1', '1'])
  } catch (error) {
    return (error as Error).message
  }
}

test('nothing moved', () => {
  expect(approve({})).toBe('as planned')
})

test('a run that was interrupted has left parts there, or has lost some: the same release all the same', () => {
  expect(approve({ steps: planned.steps.slice(1) })).toBe('as planned')
  expect(approve({ steps: [...planned.steps, { action: 'upload', subject: 'layer two' }] })).toBe('as planned')
})

test('a run that was interrupted after it went live is finished', () => {
  expect(approve({ observed: 'v2', live: { id: 'r1', digest: digest('1') }, steps: [{ action: 'update', subject: 'the list' }] }, { live: live('d') })).toBe('to be finished')
})

test('one that was done is done, whatever the platform says of it', () => {
  expect(approve({ observed: 'v2', live: { id: 'r2', digest: digest('d') }, steps: planned.steps.map((step) => ({ ...step, action: 'skip' as const })) }, { live: live('d') })).toBe('done before')
})

test('parts that are left of an interrupted run do not make another release ours to overwrite', () => {
  expect(approve({ observed: 'v2', live: { id: 'r2', digest: digest('2') }, steps: planned.steps.slice(1) }, { live: live('2') })).toContain('r2 is live now, and this was planned when r1 was')
})

test('the platform changed around the same release', () => {
  expect(approve({ observed: 'v2' })).toContain('r1 is live as before, and what is around it is not')
})

test('more than was planned is not done', () => {
  expect(approve({ steps: [...planned.steps, { action: 'delete', subject: 'tag:old' }] })).toContain('delete tag:old')
  expect(approve({ secrets: ['STRIPE_KEY'] })).toContain('It was to set no secret with the release, and now would set STRIPE_KEY')
  expect(approve({ secrets: [], steps: [...planned.steps, { action: 'create', subject: 'secret STRIPE_KEY' }] })).toBe('as planned')
})

test('what moved is named', () => {
  expect(approve({ bundle: digest('0'), settings: { auth: digest('0'), cors: digest('c') } })).toContain('auth changed; cors changed')
  expect(approve({ bundle: digest('0'), logic: {}, revision: 'fedcba9876543210' })).toContain('orders/list is gone. It was planned at 0123456789, and this is fedcba9876.')
  expect(approve({ package: digest('0') })).toContain('what is packaged is not')
})
