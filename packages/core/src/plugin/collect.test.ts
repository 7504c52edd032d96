import { expect, test } from 'vitest'
import type { StkError } from '../diagnostics/index.ts'
import { collectPlugins } from './collect.ts'

const collect = (...plugins: readonly unknown[]): string[] => collectPlugins([{ owner: 'santokit.config.ts', plugins }]).map(({ name }) => name)

function refusal(work: () => unknown): readonly StkError[] {
  try {
    work()
  } catch (error) {
    return [error as StkError, ...((error as StkError).details.others ?? [])]
  }
  throw new Error('It was expected to fail.')
}

test('lists are flattened and falsy entries left out', () => {
  expect(collect({ name: 'a' }, [false, [{ name: 'b' }, null]], undefined, '', 0, [], { name: 'c' })).toEqual(['a', 'b', 'c'])
})

test('a nearer layer\'s plugin takes the place of a farther one\'s, and comes later', () => {
  const far = { name: 'image', from: 'far' }
  const near = { name: 'image', from: 'near' }
  const layers = [
    { owner: 'santokit.config.ts', plugins: [{ name: 'own' }, near] },
    { owner: 'extends ./base', plugins: [far, { name: 'base' }] },
    { owner: 'Santokit', plugins: [{ name: 'built-in' }, { name: 'own' }] },
  ]
  const plugins = collectPlugins(layers)
  expect(plugins.map(({ name }) => name)).toEqual(['built-in', 'base', 'own', 'image'])
  expect(plugins.at(-1)).toBe(near)
})

test('one name twice in a list is refused', () => {
  expect(refusal(() => collect({ name: 'a' }, [{ name: 'b' }, { name: 'a' }]))).toEqual([
    expect.objectContaining({ code: 'STK1008', details: expect.objectContaining({ why: 'santokit.config.ts lists two plugins of the name "a".', attribution: { plugin: 'a', hook: 'config' } }) as unknown }),
  ])
})

test.each([
  [function image() {}, 'plugins[0][0] in santokit.config.ts is a function, not a plugin.', 'Call it: image().'],
  [Promise.resolve({ name: 'a' }), 'plugins[0][0] in santokit.config.ts is a promise, not a plugin.', 'Await it: await plugin().'],
  ['image', 'plugins[0][0] in santokit.config.ts is a string, not a plugin.', undefined],
  [true, 'plugins[0][0] in santokit.config.ts is a boolean, not a plugin.', undefined],
  [{ setup() {} }, 'plugins[0][0] in santokit.config.ts is an object without a name, so it is no plugin.', undefined],
  [{ name: 'a', enforce: 'first' }, "The plugin \"a\" gives a string as `enforce`; it must be 'pre' or 'post'.", undefined],
  [{ name: 'a', targets: [{ type: 'x' }] }, 'The plugin "a" gives a list as `targets`; it must be a list of targets, each with a type, a zod schema as options, package, plan and release.', undefined],
  [{ name: 'a', hooks: { 'bundle:done': { order: 'pre' } } }, 'The plugin "a" gives "bundle:done" a listener without a handler.', undefined],
  [{ name: 'a', hooks: { 'bundle:done': 'x' } }, 'The plugin "a" gives "bundle:done" a string as its listener.', undefined],
  [{ name: 'a', hooks: { 'bundle:done': { order: 'first', handler() {} } } }, 'The plugin "a" gives "bundle:done" the order "first"; it is \'pre\', \'post\' or left out.', undefined],
  [{ name: 'a', hooks: { 'bundle:done': { after: [1], handler() {} } } }, 'The plugin "a" gives "bundle:done" `before` or `after` that are not plugin names.', undefined],
])('%o is not a plugin', (value, why, fix) => {
  const [error] = refusal(() => collect([value]))
  expect(error).toMatchObject({ code: 'STK1014', exitCode: 2, details: { why, configPath: 'plugins[0][0]' } })
  expect(error?.details.fix).toEqual(fix ?? expect.any(String))
})

test('plugins that are no list are refused', () => {
  expect(refusal(() => collectPlugins([{ owner: 'santokit.config.ts', plugins: { name: 'a' } }]))[0]).toMatchObject({
    code: 'STK1014', details: { why: '`plugins` in santokit.config.ts is an object, not a list.' },
  })
})

test('a hook that does not exist is refused with the one that was meant', () => {
  const [error, other] = refusal(() => collect({ name: 'a', hooks: { 'bundle:don': () => {}, whatever: () => {} } }))
  expect(error).toMatchObject({
    code: 'STK1003',
    details: { why: 'The plugin "a" listens to "bundle:don", and there is no such hook. Did you mean "bundle:done"?', attribution: { plugin: 'a', hook: 'bundle:don' } },
  })
  expect(other?.details.fix).toContain('The hooks are bundle:before, ')
})

test('all faults come in one go', () => {
  expect(refusal(() => collect(() => {}, 5, { name: 'a' }, { name: 'a' })).map(({ code }) => code)).toEqual(['STK1014', 'STK1014', 'STK1008'])
})
