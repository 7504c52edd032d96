import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { definePlugin, defineTarget, type Plugin } from '../plugin/contract.ts'
import { errorOf, errorsOf, load, loadFiles, writeFolder } from './fixture.ts'
import { inspectConfig } from './inspect.ts'

const config = (shop: string): Record<string, string> => ({ 'santokit.config.ts': `export default {\n  projects: {\n    shop: ${shop},\n  },\n}\n` })
const unused = async (): Promise<never> => { throw new Error('not in this test') }

/** A plugin with a target whose options are of every common kind. */
const image = definePlugin((name: string = 'image'): Plugin => ({
  name,
  targets: [defineTarget({
    type: name,
    options: z.strictObject({
      repository: z.string().min(1),
      tags: z.array(z.string()).default(['latest']),
      layers: z.union([z.literal('auto'), z.strictObject({ max: z.int().min(1) })]).default('auto'),
      platform: z.enum(['linux/amd64', 'linux/arm64']).default('linux/amd64'),
      base: z.string().refine((value) => value.includes(':'), 'needs a tag').optional(),
    }),
    package: unused, plan: unused, release: unused,
  })],
}))()

const PG = "driver: 'pg', url: { secret: 'DATABASE_URL' }"
const ISSUER = "issuer: 'https://acme.example/', audience: 'shop'"

test.each([
  // Unknown keys
  ['{ databasez: {} }', 'projects.shop.databasez in santokit.config.ts is not a setting. Did you mean "databases"?', 'Rename it to "databases", or take it away.'],
  [`{ databases: { main: { ${PG}, authToken: 'x' } } }`, 'projects.shop.databases.main.authToken in santokit.config.ts is not a setting.', 'There is: driver, url, pool, statementTimeout, rls, prepare.'],
  [`{ databases: { main: { ${PG}, pool: { mx: 1 } } } }`, 'projects.shop.databases.main.pool.mx in santokit.config.ts is not a setting. Did you mean "max"?', undefined],
  ["{ auth: { issuer: [] } }", 'projects.shop.auth.issuer in santokit.config.ts is not a setting. Did you mean "issuers"?', undefined],
  // Names
  ['{ databases: { "my db": {} } }', 'projects.shop.databases["my db"] in santokit.config.ts is not a name that can be used: it must be letters, digits, "-" and "_", beginning with a letter.', undefined],
  ["{ secrets: { token: 'env:TOKEN' } }", 'projects.shop.secrets.token in santokit.config.ts is not a name that can be used: it must be upper-case letters, digits and "_", such as "DATABASE_URL".', undefined],
  // Databases
  [`{ databases: { main: { driver: 'pq' } } }`, "projects.shop.databases.main.driver in santokit.config.ts must be 'pg' or 'libsql'; it is 'pq'.", "Write 'pg'."],
  [`{ databases: { main: {} } }`, "projects.shop.databases.main.driver in santokit.config.ts is missing; it must be 'pg' or 'libsql'.", undefined],
  [`{ databases: { main: 'postgres://x' } }`, 'projects.shop.databases.main in santokit.config.ts must be an object; it is a string.', undefined],
  [`{ databases: { main: { driver: 'pg' } } }`, "projects.shop.databases.main.url in santokit.config.ts must be postgres://…, postgresql://… or secret('DATABASE_URL'); it is missing.", "Use a secret: url: secret('DATABASE_URL')"],
  [`{ databases: { main: { driver: 'pg', url: 'mysql://x/y' } } }`, "projects.shop.databases.main.url in santokit.config.ts must be postgres://…, postgresql://… or secret('DATABASE_URL').", undefined],
  [`{ databases: { main: { driver: 'pg', url: 'postgres://u:canary@db/x' } } }`, 'projects.shop.databases.main.url in santokit.config.ts holds a password, and what is in the config gets into the bundle.', "Use a secret: url: secret('DATABASE_URL')"],
  [`{ databases: { main: { driver: 'pg', url: 'postgres://db/x?password=canary' } } }`, 'projects.shop.databases.main.url in santokit.config.ts holds a password, and what is in the config gets into the bundle.', undefined],
  [`{ databases: { main: { driver: 'pg', url: { secret: 'database-url' } } } }`, 'projects.shop.databases.main.url in santokit.config.ts names a secret that no environment variable can carry.', undefined],
  [`{ databases: { main: { driver: 'libsql', url: 'ftp://x' } } }`, "projects.shop.databases.main.url in santokit.config.ts must be libsql://…, https://…, http://…, file:… or secret('DATABASE_URL').", undefined],
  [`{ databases: { main: { driver: 'libsql', url: 'file:x.db', authToken: 'canary' } } }`, 'projects.shop.databases.main.authToken in santokit.config.ts must be a secret, and not be written in the config.', undefined],
  [`{ databases: { main: { ${PG}, statementTimeout: '5 sec' } } }`, "projects.shop.databases.main.statementTimeout in santokit.config.ts must be a duration such as '500ms', '5s' or '10m', or a number of milliseconds.", undefined],
  [`{ databases: { main: { ${PG}, pool: { max: '10' } } } }`, 'projects.shop.databases.main.pool.max in santokit.config.ts must be a number; it is a string.', undefined],
  [`{ databases: { main: { ${PG}, pool: { max: 0 } } } }`, 'projects.shop.databases.main.pool.max in santokit.config.ts must be at least 1.', undefined],
  [`{ databases: { main: { ${PG}, rls: 'yes' } } }`, 'projects.shop.databases.main.rls in santokit.config.ts must be true or false; it is a string.', undefined],
  // Auth
  ["{ auth: 'non' }", "projects.shop.auth in santokit.config.ts must be 'none' or an object; it is 'non'.", undefined],
  ["{ auth: { issuers: [{ issuer: 'http://acme.example', audience: 'a' }] } }", 'projects.shop.auth.issuers[0].issuer in santokit.config.ts must be an https:// URL.', undefined],
  ["{ auth: { issuers: [{ issuer: 'https://acme.example' }] } }", 'projects.shop.auth.issuers[0].audience in santokit.config.ts must be an audience or a list of them; it is missing.', undefined],
  [`{ auth: { issuers: [{ ${ISSUER}, algorithms: ['HS256'] }] } }`, "projects.shop.auth.issuers[0].algorithms[0] in santokit.config.ts must be 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA' or 'Ed25519'; it is 'HS256'.", undefined],
  [`{ auth: { issuers: [{ ${ISSUER}, clockTolerance: 61 }] } }`, 'projects.shop.auth.issuers[0].clockTolerance in santokit.config.ts must be at most 60.', undefined],
  // The rest
  ["{ permissions: { 'orders/*': 'admin' } }", "projects.shop.permissions[\"orders/*\"] in santokit.config.ts must be 'public', 'authenticated' or a list; it is 'admin'.", undefined],
  ["{ permissions: { 'orders/*': [] } }", 'projects.shop.permissions["orders/*"] in santokit.config.ts must not be empty.', undefined],
  ["{ cors: { origins: ['https://a.example/'] } }", 'projects.shop.cors.origins in santokit.config.ts must be origins as browsers send them: without a path or a slash at the end.', "Write 'https://a.example'."],
  ["{ baseUrl: 'shop.example.com' }", 'projects.shop.baseUrl in santokit.config.ts must be an https:// or http:// URL.', undefined],
  ["{ limits: { body: '1 megabyte' } }", "projects.shop.limits.body in santokit.config.ts must be a size such as '512kB', '1MB' or '2MiB', or a number of bytes.", undefined],
  ["{ limits: { timeout: 0 } }", 'projects.shop.limits.timeout in santokit.config.ts must be longer than nothing.', undefined],
  ["{ secrets: { TOKEN: 'canary' } }", 'projects.shop.secrets.TOKEN in santokit.config.ts must say where the value can be read.', undefined],
  ["{ root: '../elsewhere' }", 'projects.shop.root in santokit.config.ts must be a folder below that of the config file; it is outside of it.', undefined],
  ['[]', 'projects.shop in santokit.config.ts must be an object; it is a list.', undefined],
])('%s', async (shop, why, fix) => {
  const [error] = await errorsOf(loadFiles(config(shop)))
  expect(error).toMatchObject({ code: 'STK1003', exitCode: 2, details: { why } })
  if (fix !== undefined) expect(error?.details.fix).toBe(fix)
  expect(error?.details.configPath).toBe(why.split(' in santokit')[0])
  // What may be secret is never repeated.
  expect(JSON.stringify({ ...error?.details, where: undefined })).not.toContain('canary')
})

test.each([
  ["{ databases: { main: { driver: 'pg', url: 'postgres://app@db.internal:5432/shop?sslmode=require', statementTimeout: 0 } } }", { databases: { main: { statementTimeout: 0 } } }],
  ["{ databases: { main: { driver: 'libsql', url: 'file:local.db', authToken: { secret: 'T', optional: true } } } }", { databases: { main: { authToken: { secret: 'T', optional: true }, statementTimeout: 10_000, pool: { max: 10, queue: 100 } } } }],
  ["{ auth: 'none' }", { auth: { mode: 'none', issuers: [] } }],
  [`{ auth: { issuers: [{ ${ISSUER} }] } }`, { auth: { mode: 'issuers', issuers: [{ issuer: 'https://acme.example/', audience: ['shop'], algorithms: ['RS256', 'ES256', 'EdDSA'], claims: { roles: 'roles' }, clockTolerance: 5 }] } }],
  ["{ auth: { issuers: [{ issuer: 'http://127.0.0.1:8080', audience: ['a', 'b'], jwksUri: 'http://localhost/jwks' }] } }", { auth: { issuers: [{ audience: ['a', 'b'] }] } }],
  ["{ cors: { origins: '*' } }", { cors: { origins: ['*'], maxAge: 600 } }],
  ["{ cors: { origins: ['https://a.example'], maxAge: 30 } }", { cors: { maxAge: 30 } }],
  ["{ limits: { body: '2MiB', timeout: '1m' } }", { limits: { bodyBytes: 2_097_152, timeout: 60_000 } }],
  ["{ permissions: { 'orders/*': ['admin'], '*': 'public' } }", { permissions: { 'orders/*': ['admin'], '*': 'public' } }],
])('%s is fine', async (shop, expected) => {
  const { config: resolved } = await loadFiles(config(shop))
  expect(resolved.projects[0]).toMatchObject(expected)
})

test('all faults come in one go, each with its line', async () => {
  const errors = await errorsOf(loadFiles({
    'santokit.config.ts': "export default {\n  outdir: 'x',\n  projects: {\n    Shop: {},\n    shop: {\n      cors: { origins: '*', maxAge: 'long' },\n      limits: { jsonDepth: -1 },\n    },\n  },\n}",
  }))
  expect(errors.map(({ details }) => [details.configPath, details.where?.line])).toEqual([
    ['outdir', 2], ['projects.Shop', 4], ['projects.shop.cors.maxAge', 6], ['projects.shop.limits.jsonDepth', 7],
  ])
})

test('a fault is blamed on the layer that has it', async () => {
  const folder = writeFolder({
    'projects/shop/': '',
    'santokit.config.ts': `import { limits } from './limits'\nexport default { extends: './base', environments: { staging: { projects: { shop: { limits: { callDepth: 'x' } } } } }, projects: { shop: { limits } } }`,
    'limits.ts': "export const limits = { jsonDepth: 'x' }",
    'base.ts': "export default {\n  projects: { shop: {\n    limits: { concurrency: 'x', callDepth: 4 } } } }",
  })
  const errors = await errorsOf(load(folder, { environment: 'staging' }))
  expect(errors.map(({ details }) => details.why.split(' must')[0])).toEqual([
    'projects.shop.limits.jsonDepth in santokit.config.ts',
    'projects.shop.limits.concurrency in extends ./base',
    'projects.shop.limits.callDepth in environment staging',
  ])
  // The first is not written where it is blamed: no line is better than a wrong one.
  expect(errors.map(({ details }) => details.where && [details.where.file, details.where.line])).toEqual([undefined, ['base.ts', 3], ['santokit.config.ts', 2]])
})

test.each(['', '.', '..', '/'])('outDir %j would be dangerous to write into', async (outDir) => {
  expect(await errorOf(loadFiles({ 'santokit.config.ts': `export default { outDir: ${JSON.stringify(outDir)} }` }))).toMatchObject({ code: 'STK1003', details: { configPath: 'outDir' } })
})

test('a target is read by its plugin, under its own name or the type\'s', async () => {
  const { config: resolved } = await loadFiles(config("{ targets: { image: { repository: 'a' }, edge: { type: 'image', repository: 'b', layers: { max: 2 } } } }"), { builtins: [image] })
  expect(resolved.projects[0]?.targets).toEqual([
    { name: 'edge', type: 'image', plugin: 'image', options: { repository: 'b', tags: ['latest'], layers: { max: 2 }, platform: 'linux/amd64' } },
    { name: 'image', type: 'image', plugin: 'image', options: { repository: 'a', tags: ['latest'], layers: 'auto', platform: 'linux/amd64' } },
  ])
  // Options are the plugin's own: it may write into them.
  expect(Object.isFrozen(resolved.projects[0]?.targets[0]?.options)).toBe(false)
  expect(Object.isFrozen(resolved.projects[0]?.targets[0])).toBe(true)
})

test.each([
  ["{ repositry: 'a', repository: 'b' }", 'repositry', 'is not an option of target type "image". Did you mean "repository"?'],
  ['{}', 'repository', 'is missing; it must be a string.'],
  ["{ repository: 'a', layers: { max: 0 } }", 'layers.max', 'must be at least 1.'],
  ["{ repository: 'a', layers: { mx: 1, max: 1 } }", 'layers.mx', 'is not an option of target type "image". Did you mean "max"?'],
  ["{ repository: 'a', layers: 5 }", 'layers', "must be 'auto' or an object; it is 5."],
  ["{ repository: 'a', tags: ['x', 1] }", 'tags[1]', 'must be a string; it is 1.'],
  ["{ repository: 'a', base: 'node' }", 'base', 'is not valid: needs a tag.'],
])('the target options %s are refused in the name of the plugin', async (options, path, problem) => {
  const error = await errorOf(loadFiles(config(`{ targets: { image: ${options} } }`), { builtins: [image] }))
  const configPath = `projects.shop.targets.image.${path}`
  expect(error).toMatchObject({
    code: 'STK1003',
    details: { why: `${configPath} in santokit.config.ts ${problem}`, configPath, attribution: { plugin: 'image', hook: 'target image: options' }, project: 'shop', target: 'image' },
  })
})

test('an unknown target type is met with the likeliest one, and with the plugin to install', async () => {
  const official = await errorOf(loadFiles(config('{ targets: { image: {} } }')))
  expect(official).toMatchObject({
    code: 'STK1007',
    details: { why: 'projects.shop.targets.image in santokit.config.ts says no type, and its name "image" is not one either.', configPath: 'projects.shop.targets.image', target: 'image' },
  })
  expect(official.details.fix).toContain('npm install --save-dev @santokit/plugin-image, and add it to `plugins`.')
  const typo = await errorOf(loadFiles(config("{ targets: { edge: { type: 'imag' } } }"), { builtins: [image] }))
  expect(typo.details.why).toBe('projects.shop.targets.edge.type in santokit.config.ts is "imag", which no plugin offers. Did you mean "image"?')
  expect(typo.details.fix).toContain("Write 'image'.")
  const other = await errorOf(loadFiles(config("{ targets: { edge: {} } }"), { builtins: [image] }))
  expect(other.details.fix).toEqual(['Say its type: image.', 'Add the plugin that offers it to `plugins`.'])
})

test('inspect says who set each value', async () => {
  const folder = writeFolder({
    'projects/shop/config/databases.yaml': 'main: { driver: pg, url: "${DATABASE_URL}", pool: { queue: 7 } }\n',
    'santokit.config.ts': `export default {
      extends: './base',
      projects: { shop: {
        databases: { main: { pool: { max: 5 } } },
        auth: { issuers: [{ ${ISSUER} }] },
        permissions: { 'orders/*': ['admin'] },
        targets: { image: { repository: 'a' } },
      } },
      environments: { staging: { projects: { shop: { targets: { image: { repository: 'b' } } } } } },
    }`,
    'base.ts': 'export default { projects: { shop: { limits: { body: "2MB" }, auth: { issuers: [{ clockTolerance: 9 }] } } } }',
  })
  const brings: Plugin = { name: 'brings', config: () => ({ projects: { shop: { limits: { callDepth: 3, body: 1 } } } }) }
  const { config: resolved } = await load(folder, { environment: 'staging', builtins: [image, brings] })
  expect(inspectConfig(resolved).map(({ path, value, origin }) => `${path} = ${JSON.stringify(value)} (${origin})`)).toEqual([
    'outDir = "dist" (default)',
    'projects.shop.auth.issuers[0].algorithms = ["RS256","ES256","EdDSA"] (default)',
    'projects.shop.auth.issuers[0].audience = ["shop"] (santokit.config.ts)',
    'projects.shop.auth.issuers[0].claims.roles = "roles" (default)',
    'projects.shop.auth.issuers[0].clockTolerance = 5 (default)',
    'projects.shop.auth.issuers[0].issuer = "https://acme.example/" (santokit.config.ts)',
    'projects.shop.databases.main.driver = "pg" (projects/shop/config/databases.yaml)',
    'projects.shop.databases.main.pool.max = 5 (santokit.config.ts)',
    'projects.shop.databases.main.pool.queue = 7 (projects/shop/config/databases.yaml)',
    'projects.shop.databases.main.prepare = true (default)',
    'projects.shop.databases.main.rls = false (default)',
    'projects.shop.databases.main.statementTimeout = 10000 (default)',
    'projects.shop.databases.main.url = "secret(DATABASE_URL)" (projects/shop/config/databases.yaml)',
    'projects.shop.limits.body = 2000000 (extends ./base)',
    'projects.shop.limits.callDepth = 3 (plugin brings)',
    'projects.shop.limits.concurrency = 1000 (default)',
    'projects.shop.limits.jsonDepth = 32 (default)',
    'projects.shop.limits.params = 100 (default)',
    'projects.shop.limits.response = 10000000 (default)',
    'projects.shop.limits.timeout = 30000 (default)',
    'projects.shop.permissions["orders/*"] = ["admin"] (santokit.config.ts)',
    'projects.shop.root = "projects/shop" (default)',
    'projects.shop.targets.image.layers = "auto" (plugin image)',
    'projects.shop.targets.image.platform = "linux/amd64" (plugin image)',
    'projects.shop.targets.image.repository = "b" (environment staging)',
    'projects.shop.targets.image.tags = ["latest"] (plugin image)',
    'projects.shop.targets.image.type = "image" (default)',
  ])
  expect(resolved.sources).toEqual(['base.ts', 'projects/shop/config/databases.yaml', 'santokit.config.ts'].map((name) => join(folder, name)))
})
