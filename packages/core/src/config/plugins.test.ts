import { expect, test } from 'vitest'
import type { Plugin } from '../plugin/contract.ts'
import { errorOf, load, loadFiles, writeFolder } from './fixture.ts'
import type { ResolvedConfig } from './resolved.ts'

test('a plugin made with definePlugin is found in TypeScript, with its own zod schema', async () => {
  const { config, host } = await loadFiles({
    'santokit.config.ts': `
      import { defineConfig } from '@santokit/core'
      import image from './image.ts'
      export default defineConfig({ plugins: [image({ registry: 'ghcr.io' })], projects: { shop: { targets: { image: { repository: 'a' } } } } })`,
    'image.ts': `
      import { definePlugin, defineTarget } from '@santokit/core'
      import { z } from 'zod'
      export default definePlugin((options: { registry: string }) => ({
        name: 'image',
        targets: [defineTarget({
          type: 'image',
          options: z.strictObject({ repository: z.string().transform((name) => options.registry + '/' + name) }),
          package: async () => { throw new Error() }, plan: async () => { throw new Error() }, release: async () => { throw new Error() },
        })],
      }))`,
  })
  expect(host.plugins.map(({ name }) => name)).toEqual(['image'])
  expect(config.projects[0]?.targets).toEqual([{ name: 'image', type: 'image', plugin: 'image', options: { repository: 'ghcr.io/a' } }])
})

test('config() runs in order, sees what was written and added, and loses to the person', async () => {
  const seen: unknown[] = []
  const adds = (name: string, depth: number, more: Partial<Plugin> = {}): Plugin => ({
    name,
    config(config, env) {
      const shop = config.projects?.shop
      seen.push([name, env, shop?.limits, shop?.databases])
      expect(Object.isFrozen(config)).toBe(true)
      return { projects: { shop: { limits: { jsonDepth: depth, callDepth: depth, concurrency: depth } } } }
    },
    ...more,
  })
  const { config, host } = await loadFiles({
    'santokit.config.ts': 'export default { projects: { shop: { limits: { jsonDepth: 1 } } } }',
    'projects/shop/config/databases.yaml': 'main: { driver: libsql, url: "file:x.db" }',
  }, { builtins: [adds('late', 9, { enforce: 'post' }), adds('early', 5), { name: 'silent', config: () => undefined }], command: 'dev' })
  const env = { command: 'dev', environment: 'production' }
  const databases = { main: { driver: 'libsql', url: 'file:x.db' } }
  expect(seen).toEqual([
    ['early', env, { jsonDepth: 1 }, databases],
    ['late', env, { jsonDepth: 1, callDepth: 5, concurrency: 5 }, databases],
  ])
  expect(config.projects[0]?.limits).toMatchObject({ jsonDepth: 1, callDepth: 9, concurrency: 9 })
  expect(config.origins.get('projects.shop.limits.callDepth')).toBe('plugin late')
  expect(host.timings().map(({ plugin, hook }) => `${plugin}: ${hook}`).toSorted()).toEqual(['early: config', 'late: config', 'silent: config'])
})

test('a project that a plugin brings has its YAML read, too', async () => {
  const folder = writeFolder({ 'santokit.config.ts': 'export default {}', 'apps/pay/config/auth.yaml': 'none' })
  const { config } = await load(folder, { builtins: [{ name: 'brings', config: () => ({ projects: { pay: { root: 'apps/pay' } } }) }] })
  expect(config.projects).toMatchObject([{ name: 'pay', auth: { mode: 'none' } }])
})

test.each([
  [{ plugins: [{ name: 'other' }] }, 'The plugin "adds" returns `plugins` from config(), when the list is settled already.'],
  [{ extends: './x' }, 'The plugin "adds" returns `extends` from config(), when the layers are settled already.'],
  [5, 'The plugin "adds" returns something that is no config from config().'],
])('%j is refused from config()', async (value, why) => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': 'export default {}' }, { builtins: [{ name: 'adds', config: () => value as never }] }))
  expect(error).toMatchObject({ code: 'STK1003', details: { why, attribution: { plugin: 'adds', hook: 'config' } } })
})

test('a wrong value that a plugin adds is blamed on it', async () => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': 'export default { projects: { shop: {} } }' }, {
    builtins: [{ name: 'adds', config: () => ({ projects: { shop: { limits: { timeout: 'soon' } } } }) }],
  }))
  expect(error.details.why).toMatch(/^projects\.shop\.limits\.timeout in plugin adds must be a duration/)
})

test('a plugin that throws at config time is named', async () => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': 'export default {}' }, { builtins: [{ name: 'broken', config: () => { throw new Error('boom') } }] }))
  expect(error).toMatchObject({ code: 'STK1010', details: { attribution: { plugin: 'broken', hook: 'config' } } })
  const late = await errorOf(loadFiles({ 'santokit.config.ts': 'export default {}' }, { builtins: [{ name: 'broken', configResolved: () => { throw new Error('boom') } }] }))
  expect(late).toMatchObject({ code: 'STK1010', details: { attribution: { plugin: 'broken', hook: 'configResolved' } } })
})

test('configResolved is called once, with the frozen config', async () => {
  const seen: ResolvedConfig[] = []
  const { config } = await loadFiles({ 'santokit.config.ts': 'export default { projects: { shop: {} } }' }, { builtins: [{ name: 'sees', configResolved: (resolved) => { seen.push(resolved) } }] })
  expect(seen).toEqual([config])
  expect(seen[0]).toBe(config)
  expect(Object.isFrozen(config)).toBe(true)
})

test('a built-in plugin gives way to a listed one of its name', async () => {
  const files = { 'santokit.config.ts': "export default { plugins: [false, [{ name: 'tarball', own: true }]] }" }
  const { host } = await loadFiles(files, { builtins: [{ name: 'tarball' }, { name: 'other' }] })
  expect(host.plugins).toEqual([{ name: 'other' }, { name: 'tarball', own: true }])
})

test('faults of the plugin list stop the load', async () => {
  const code = async (plugins: string): Promise<string> => (await errorOf(loadFiles({ 'santokit.config.ts': `export default { plugins: ${plugins} }` }))).code
  expect(await code("[{ name: 'a' }, { name: 'a' }]")).toBe('STK1008')
  expect(await code('[() => {}]')).toBe('STK1014')
  expect(await code("[{ name: 'a', hooks: { nope() {} } }]")).toBe('STK1003')
  expect(await code("[{ name: 'a', commands: { x: { description: 'x', run() {} } } }, { name: 'b', commands: { x: { description: 'x', run() {} } } }]")).toBe('STK1015')
  expect(await code("[{ name: 'a', hooks: { error: { after: 'b', handler() {} } } }, { name: 'b', hooks: { error: { after: 'a', handler() {} } } }]")).toBe('STK1009')
})
