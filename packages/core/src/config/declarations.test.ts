import { expect, test } from 'vitest'
import { z } from 'zod'
import { definePlugin, defineTarget } from '../plugin/contract.ts'
import { errorsOf, loadFiles } from './fixture.ts'
import { inspectConfig } from './inspect.ts'

const unused = async (): Promise<never> => { throw new Error('not in this test') }
const image = definePlugin(() => ({
  name: 'image',
  targets: [defineTarget({
    type: 'image', options: z.strictObject({ token: z.strictObject({ secret: z.string(), optional: z.boolean().optional() }) }), package: unused, plan: unused, release: unused,
  })],
}))()

const config = (url: string, more = ''): Record<string, string> => ({ 'santokit.config.ts': `
  export default { projects: { shop: {
    databases: { main: { driver: 'pg', url: ${url} } },
    targets: { image: { token: { secret: 'TOKEN', type: 'jwt', description: 'Of the registry' } } },
  } }, environments: { staging: ${more === '' ? '{}' : more} } }
` })

test('type and description are known to the project; its databases and targets see names only', async () => {
  const { config: resolved } = await loadFiles(config("{ secret: 'URL', type: 'url', description: 'The primary' }"), { builtins: [image] })
  expect(resolved.projects[0]).toMatchObject({
    databases: { main: { url: { secret: 'URL' } } },
    declarations: { URL: { type: 'url', description: 'The primary' }, TOKEN: { type: 'jwt', description: 'Of the registry' } },
  })
  expect(resolved.projects[0]?.databases.main?.url).toEqual({ secret: 'URL' })
  expect(resolved.projects[0]?.targets[0]?.options).toEqual({ token: { secret: 'TOKEN' } })
  expect(inspectConfig(resolved)).toContainEqual({ path: 'projects.shop.databases.main.url', value: 'secret(URL)', origin: 'santokit.config.ts' })
  expect(JSON.stringify(inspectConfig(resolved))).not.toContain('declarations')
})

test('a secret that says nothing about itself leaves nothing behind', async () => {
  const { config: resolved } = await loadFiles({ 'santokit.config.ts': "export default { projects: { shop: { databases: { main: { driver: 'pg', url: { secret: 'URL' } } } } } }" })
  expect(resolved.projects[0]).not.toHaveProperty('declarations')
})

test('an environment that names another secret takes its declaration along', async () => {
  const staging = "{ projects: { shop: { databases: { main: { url: { secret: 'STAGING_URL', type: 'url' } } } } } }"
  const { config: resolved } = await loadFiles(config("{ secret: 'URL', description: 'The primary' }", staging), { environment: 'staging', builtins: [image] })
  expect(resolved.projects[0]?.declarations).toEqual({ STAGING_URL: { type: 'url' }, TOKEN: { type: 'jwt', description: 'Of the registry' } })
})

test('a type that is not known is refused where it stands', async () => {
  const [error] = await errorsOf(loadFiles(config("{ secret: 'URL', type: 'uri' }"), { builtins: [image] }))
  expect(error).toMatchObject({
    code: 'STK1003',
    details: { why: 'projects.shop.databases.main.url in santokit.config.ts is a secret of a type that is not known.', fix: 'Did you mean "url"?' },
  })
})

test('other options of a secret are refused, with those there are', async () => {
  const [error] = await errorsOf(loadFiles(config("{ secret: 'URL', typ: 'url' }"), { builtins: [image] }))
  expect(error?.details.why).toContain('unknown option "typ"')
  expect(error?.details.fix).toContain('optional, type and description')
})
