import { expect, test } from 'vitest'
import { z } from 'zod'
import { StkError } from '../diagnostics/index.ts'
import type { Hooks, Plugin, ProjectHookContext, Target } from './contract.ts'
import { createPluginHost } from './host.ts'

const unused = async (): Promise<never> => { throw new Error('not in this test') }
const target = (type: string): Target<unknown> => ({ type, options: z.unknown(), package: unused, plan: unused, release: unused })
const context = {} as ProjectHookContext
const failureOf = (work: Promise<unknown>): Promise<StkError> => work.then(() => { throw new Error('It was expected to fail.') }, (error: StkError) => error)

test('listeners run one after the other, in their order', async () => {
  const heard: string[] = []
  const listener = (name: string): Hooks['bundle:before'] => async () => {
    heard.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    heard.push(`${name} ends`)
  }
  const host = createPluginHost([
    { name: 'last', enforce: 'post', hooks: { 'bundle:before': listener('last') } },
    { name: 'second', hooks: { 'bundle:before': { after: 'first', handler: listener('second') } } },
    { name: 'first', hooks: { 'bundle:before': listener('first') } },
  ])
  expect(host.plugins.map(({ name }) => name)).toEqual(['second', 'first', 'last'])
  await host.callHook('bundle:before', context)
  expect(heard).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'last begins', 'last ends'])
})

test('a hook that nobody listens to does nothing', async () => {
  await expect(createPluginHost([]).callHook('bundle:before', context)).resolves.toBeUndefined()
})

test('an error carries the plugin and the hook that raised it', async () => {
  const cause = new TypeError('boom')
  const host = createPluginHost([
    { name: 'fine', hooks: { 'bundle:before': () => {} } },
    { name: 'broken', hooks: { 'bundle:before': () => { throw cause } } },
    { name: 'never', hooks: { 'bundle:before': () => { throw new Error('not reached') } } },
  ])
  const error = await failureOf(host.callHook('bundle:before', context))
  expect(error).toMatchObject({
    code: 'STK1010', exitCode: 1, cause,
    details: { why: 'The plugin "broken" failed in bundle:before: boom', attribution: { plugin: 'broken', hook: 'bundle:before' } },
  })
})

test('an StkError stays what it is and gets the attribution it lacks', async () => {
  const refuse = (name: string, error: StkError): Plugin => ({ name, hooks: { 'bundle:before': async () => { throw error } } })
  const plain = await failureOf(createPluginHost([refuse('policy', new StkError('STK4007', { why: 'Not on a Friday.' }))]).callHook('bundle:before', context))
  expect(plain).toMatchObject({ code: 'STK4007', details: { why: 'Not on a Friday.', attribution: { plugin: 'policy', hook: 'bundle:before' } } })
  const known = new StkError('STK4007', { why: 'No.', attribution: { plugin: 'inner', hook: 'plan' } })
  expect((await failureOf(createPluginHost([refuse('policy', known)]).callHook('bundle:before', context))).details.attribution).toEqual({ plugin: 'inner', hook: 'plan' })
})

test('listeners of error all run, and never stand in for the error', async () => {
  const told: string[] = []
  const warnings: string[] = []
  const onWarning = (warning: Error): void => { if (warning.name === 'SantokitPluginWarning') warnings.push(warning.message) }
  process.on('warning', onWarning)
  const host = createPluginHost([
    { name: 'broken', hooks: { error: () => { throw new Error('in the listener') } } },
    { name: 'pager', hooks: { error: (error) => { told.push(error.code) } } },
  ])
  await host.callHook('error', new StkError('STK4001', { why: 'Gone.' }))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  expect(told).toEqual(['STK4001'])
  expect(warnings).toEqual(['STK1010 The plugin "broken" failed in error: in the listener'])
})

test('what plugins offer is found by name, with its owner', () => {
  const provider = { scheme: 'op', parseRef: () => {}, resolveMany: async () => new Map() }
  const command = { description: 'Say hello.', run: async () => {} }
  const [edge, image] = [target('edge'), target('image')]
  const host = createPluginHost([{ name: 'a', targets: [image, edge], commands: { hello: command } }, { name: 'b', secretProviders: [provider] }])
  expect(host.targetTypes()).toEqual(['edge', 'image'])
  expect(host.target('image')).toEqual({ target: image, plugin: 'a' })
  expect(host.target('nope')).toBeUndefined()
  expect(host.target('constructor')).toBeUndefined()
  expect(host.secretSchemes()).toEqual(['op'])
  expect(host.secretProvider('op')).toEqual({ provider, plugin: 'b' })
  expect(host.command('hello')).toEqual({ command, plugin: 'a' })
  expect([...host.commands()]).toEqual([['hello', command]])
})

test('two that offer the same are refused, all in one go', () => {
  const provider = { scheme: 'op', parseRef: () => {}, resolveMany: async () => new Map() }
  const host = (): unknown => createPluginHost([
    { name: 'a', targets: [target('image'), target('edge'), target('edge')], secretProviders: [provider] },
    { name: 'b', targets: [target('image')], secretProviders: [provider] },
  ])
  expect(host).toThrow(expect.objectContaining({ code: 'STK1015', exitCode: 2 }))
  try {
    host()
  } catch (error) {
    const { details } = error as StkError
    expect([details.why, ...(details.others ?? []).map((other) => other.details.why)]).toEqual([
      'The plugin "a" offers the target type "edge" twice.',
      'The plugins "a" and "b" both offer the target type "image".',
      'The plugins "a" and "b" both offer the secret scheme "op".',
    ])
    expect(details.attribution).toEqual({ plugin: 'a', hook: 'targets' })
  }
})

test('circles of every hook are refused', () => {
  const plugins: readonly Plugin[] = [
    { name: 'a', hooks: { 'bundle:done': { after: 'b', handler: () => {} }, error: { before: 'b', handler: () => {} } } },
    { name: 'b', hooks: { 'bundle:done': { after: 'a', handler: () => {} }, error: { before: 'a', handler: () => {} } } },
  ]
  expect(() => createPluginHost(plugins)).toThrow(expect.objectContaining({ code: 'STK1009', details: expect.objectContaining({ others: [expect.objectContaining({ code: 'STK1009' })] }) as unknown }))
})

test('calls into plugins are attributed and timed, whether they succeed or not', async () => {
  const host = createPluginHost([{ name: 'a', hooks: { 'bundle:before': () => {} } }])
  expect(await host.attribute('a', 'target image: plan', () => 5)).toBe(5)
  const error = await failureOf(host.attribute('a', 'target image: plan', async () => Promise.reject(new Error('offline'))))
  expect(error.details).toMatchObject({ why: 'The plugin "a" failed in target image: plan: offline', attribution: { plugin: 'a', hook: 'target image: plan' } })
  await host.callHook('bundle:before', context)
  const timings = host.timings()
  expect(timings.map(({ plugin, hook, calls }) => [plugin, hook, calls]).toSorted()).toEqual([['a', 'bundle:before', 1], ['a', 'target image: plan', 2]])
  expect(timings.every(({ ms }) => ms >= 0)).toBe(true)
})
