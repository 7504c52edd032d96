import { access } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { definePlugin, type Plugin } from '../plugin/contract.ts'
import { openPluginBench, type PluginBench, type PluginBenchOptions } from './plugin-bench.ts'

async function bench(options: PluginBenchOptions): Promise<PluginBench> {
  const opened = await openPluginBench(options)
  onTestFinished(() => opened.close())
  return opened
}

/** Notes every hook it hears, with what it is about. */
const listener = definePlugin((heard: string[]): Plugin => ({
  name: 'listener',
  hooks: {
    'bundle:before': ({ project }) => void heard.push(`bundle:before ${project.name}`),
    'bundle:logic': (_, { path, entry }) => void heard.push(`bundle:logic ${path} ${entry.kind}`),
    'bundle:done': (_, bundle) => void heard.push(`bundle:done ${Object.keys(bundle.manifest.logic).join()}`),
    'package:before': ({ target }) => void heard.push(`package:before ${target.name}`),
    'package:done': (_, pkg) => void heard.push(`package:done ${pkg.files.length > 0}`),
    'secrets:before': ({ target }) => void heard.push(`secrets:before ${target.type}`),
    'secrets:done': (_, names) => void heard.push(`secrets:done ${names.join()}`),
    'release:planned': (_, plan) => void heard.push(`release:planned ${plan.steps.length}`),
    'release:before': () => void heard.push('release:before'),
    'release:done': (_, release) => void heard.push(`release:done ${release.id}`),
    error: (error) => void heard.push(`error ${error.code}`),
  },
}))

test('a plugin of hooks alone hears a whole release, in order, with what stk would give it', async () => {
  const heard: string[] = []
  const { release, checkout } = await bench({ plugins: [listener(heard)] })
  await release()
  expect(heard).toEqual([
    'bundle:before shop', 'bundle:logic orders/list sql', 'bundle:done orders/list', 'package:before memory', 'package:done true',
    'secrets:before memory', 'secrets:done DATABASE_URL', 'release:planned 1', 'release:before', 'release:done 1',
  ])
  await checkout.write('projects/shop/logic/orders/count.sql', '---\naccess: public\nreturns: value\n---\nselect count(*) from orders\n')
  expect(await release()).toMatchObject([{ id: '2', previous: '1' }])
})

test('a hook that objects stops the release, and is named', async () => {
  const heard: string[] = []
  const freeze: Plugin = { name: 'freeze', hooks: { 'release:planned'() { throw new Error('nobody releases on a Friday') } } }
  const { release } = await bench({ plugins: [freeze, listener(heard)] })
  await expect(release()).rejects.toMatchObject({
    code: 'STK1010', details: { attribution: { plugin: 'freeze', hook: 'release:planned' }, project: 'shop', target: 'memory' },
  })
  expect(heard).not.toContain('release:before')
  expect(heard.at(-1)).toBe('error STK1010')
})

test('a plugin adds to the config, below what is written, and sees what came out', async () => {
  let seen = ''
  const { config } = await bench({
    environment: 'staging', env: {}, config: { outDir: 'written', projects: { shop: {} }, environments: { staging: {} } },
    plugins: [{
      name: 'adds',
      config: (_, { environment }) => ({ outDir: 'added', projects: { shop: { baseUrl: `https://${environment}.example.com` } } }),
      configResolved: ({ projects }) => { seen = projects[0]?.baseUrl ?? '' },
    }],
  })
  expect(config.outDir).toMatch(/written$/)
  expect(seen).toBe('https://staging.example.com')
})

test('a command runs with the config and says what it has to say', async () => {
  const plugin: Plugin = {
    name: 'audit',
    commands: {
      audit: {
        description: 'Lists projects',
        async run(args, { config, report }) {
          report({ type: 'note', level: 'info', message: `${config.projects.map(({ name }) => name).join()} ${args.join(' ')}` })
        },
      },
    },
  }
  const { run, events } = await bench({ plugins: [plugin], command: 'audit' })
  await run('audit', '--since', '1d')
  expect(events).toEqual([{ type: 'note', level: 'info', message: 'shop --since 1d' }])
  await expect(run('audits')).rejects.toMatchObject({ code: 'STK1020' })
})

test('what stk would refuse is refused, and nothing is left behind', async () => {
  await expect(openPluginBench({ plugins: [{ name: 'typo', hooks: { 'release:don': () => {} } } as unknown as Plugin] })).rejects.toMatchObject({ code: 'STK1003' })
  const { checkout, close } = await openPluginBench({ plugins: [] })
  await close()
  await expect(access(checkout.root)).rejects.toThrow()
})
