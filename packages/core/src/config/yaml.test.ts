import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeFrame } from '../diagnostics/index.ts'
import { errorOf, errorsOf, load, loadFiles, writeFolder } from './fixture.ts'

const CONFIG = { 'santokit.config.ts': 'export default { projects: { shop: {} } }' }
const at = (name: string, text: string): Record<string, string> => ({ ...CONFIG, [`projects/shop/config/${name}`]: text })

test('YAML beside a project is config, and loses to the config file', async () => {
  const folder = writeFolder({
    'santokit.config.ts': "export default { projects: { shop: { root: 'apps/shop', permissions: { a: 'public' }, databases: { main: { pool: { max: 3 } } } } } }",
    'apps/shop/config/databases.yaml': 'main:\n  driver: pg\n  url: ${DATABASE_URL}\n  pool: { max: 99, queue: 9 }\n',
    'apps/shop/config/auth.yml': 'issuers:\n  - issuer: https://acme.example\n    audience: [shop]\n',
    'apps/shop/config/permissions.yaml': 'a: [admin]\norders/*: [admin]\n',
    'apps/shop/config/wrangler.yaml': 'not: ours',
    'apps/shop/config/notes.txt': 'nor this',
  })
  const { config } = await load(folder)
  expect(config.projects[0]).toMatchObject({
    databases: { main: { url: { secret: 'DATABASE_URL' }, pool: { max: 3, queue: 9 } } },
    auth: { mode: 'issuers', issuers: [{ issuer: 'https://acme.example', audience: ['shop'] }] },
    permissions: { a: 'public', 'orders/*': ['admin'] },
  })
  expect(config.sources).toEqual(['apps/shop/config/auth.yml', 'apps/shop/config/databases.yaml', 'apps/shop/config/permissions.yaml', 'santokit.config.ts'].map((name) => join(folder, name)))
})

test('an empty file and a plain word are YAML, too', async () => {
  const { config } = await loadFiles({ ...at('auth.yaml', 'none\n'), 'projects/shop/config/databases.yaml': '# nothing yet\n' })
  expect(config.projects[0]).toMatchObject({ auth: { mode: 'none' }, databases: {} })
})

test.each([
  ['databases.yaml', 'main:\n  driver: pg\n url: x\n', 3, /^projects\/shop\/config\/databases\.yaml: /],
  ['databases.yaml', 'main: { driver: pg }\nmain: { driver: pg }\n', 2, /unique/],
  ['permissions.yaml', '*: [admin]\n', 1, /flow-seq-start/],
  ['databases.yaml', 'main:\n  driver: pg\n  url: postgres://app:${PASSWORD}@db/shop\n', 3, /a reference must be the whole value\.$/],
  ['databases.yaml', 'main:\n  driver: pg\n  url: "${A}${B}"\n', 3, /whole value/],
  ['databases.yaml', 'main:\n  driver: pg\n  url: ${database-url}\n', 3, /"database-url" is not a secret's name\.$/],
])('%s: %j is refused with its line', async (name, text, line, why) => {
  const error = (await errorsOf(loadFiles(at(name, text))))[0]
  expect(error).toMatchObject({ code: 'STK1012', exitCode: 2, details: { where: { file: `projects/shop/config/${name}`, line } } })
  expect(error?.details.why).toMatch(why)
  expect(error?.details.where?.column).toBeGreaterThan(0)
  expect(codeFrame(error?.details.where ?? { file: '' })).toContain('> ')
})

test('a permission for everything needs quotes, and is told so', async () => {
  const error = (await errorsOf(loadFiles(at('permissions.yaml', 'a: public\n*: [admin]\n'))))[0]
  expect(error?.details.fix).toBe('Put quotes around a name that begins with "*".')
})

test('every bad reference is named in one go', async () => {
  const errors = await errorsOf(loadFiles(at('databases.yaml', 'main: { driver: pg, url: "x${A}" }\ncache: { driver: libsql, url: "${b}" }\n')))
  expect(errors.map(({ details }) => [details.where?.line, details.where?.column])).toEqual([[1, 26], [2, 31]])
})

test('a value of the wrong kind is shown in the YAML file', async () => {
  const error = await errorOf(loadFiles(at('databases.yaml', 'main:\n  driver: pg\n  url: ${DATABASE_URL}\n  pool:\n    mx: 3\n')))
  expect(error).toMatchObject({
    code: 'STK1003',
    details: {
      why: 'projects.shop.databases.main.pool.mx in projects/shop/config/databases.yaml is not a setting. Did you mean "max"?',
      where: { file: 'projects/shop/config/databases.yaml', line: 5, column: 5, length: 2 },
    },
  })
})

test('an item of a list is found in the YAML file', async () => {
  const error = await errorOf(loadFiles(at('auth.yaml', 'issuers:\n  - { issuer: https://a.example, audience: a }\n  - issuer: http://b.example\n    audience: b\n')))
  expect(error.details).toMatchObject({ configPath: 'projects.shop.auth.issuers[1].issuer', where: { line: 3, column: 5 } })
})

test('a secret where none can be is refused', async () => {
  const error = await errorOf(loadFiles(at('auth.yaml', 'issuers: [{ issuer: "${ISSUER}", audience: a }]\n')))
  expect(error).toMatchObject({ code: 'STK1003', details: { configPath: 'projects.shop.auth.issuers[0].issuer' } })
})

test('what would be ignored is refused', async () => {
  const storage = await errorOf(loadFiles(at('storage.yaml', 'avatars: {}\n')))
  expect(storage).toMatchObject({ code: 'STK1012', details: { why: 'projects/shop/config/storage.yaml declares storage, which is not available in this version.' } })
  const typo = await errorOf(loadFiles(at('database.yaml', 'main: {}\n')))
  expect(typo).toMatchObject({ code: 'STK1012', details: { why: 'projects/shop/config/database.yaml is not read: there is no such setting. Did you mean "databases.yaml"?' } })
  const twins = await errorOf(loadFiles({ ...at('auth.yaml', 'none'), 'projects/shop/config/auth.yml': 'none' }))
  expect(twins).toMatchObject({ code: 'STK1012', details: { why: 'projects/shop/config/auth.yaml stands beside auth.yml, and both say the same setting.' } })
  const empty = await errorOf(loadFiles(at('databases.yaml', 'main:\n')))
  expect(empty).toMatchObject({ code: 'STK1003', details: { configPath: 'projects.shop.databases.main', where: { line: 1, column: 1 } } })
})
