import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SecretValue, type StkError } from '@santokit/core'
import { hclLoader, loadSchemaAndSeed, startEmbeddedDatabases, type LoadedDatabase } from '@santokit/core/dev'
import { loadConfig } from '@santokit/core/lifecycle'
import { withConnection } from '@santokit/core/schema'
import { expect, onTestFinished, test } from 'vitest'
import { checkout } from './checkout.ts'

const hasAtlas = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'atlas')))

const CONFIG = `import { defineConfig, secret } from '@santokit/core'
import atlas from '@santokit/plugin-schema-atlas'

export default defineConfig({
  plugins: [atlas()],
  projects: {
    notes: {
      root: 'notes',
      databases: { main: { driver: 'pg', url: secret('DATABASE_URL') }, cache: { driver: 'libsql', url: secret('CACHE_URL') } },
    },
  },
})
`

const hcl = (schema: string, ...columns: string[]): string =>
  `schema "${schema}" {}\ntable "notes" {\n  schema = schema.${schema}\n${columns.map((name) => `  column "${name}" {\n    null = true\n    type = text\n  }\n`).join('')}}\n`

test.skipIf(!hasAtlas)('what stk dev loads from HCL is seeded, loaded again when it changes, and refused without Atlas', { timeout: 120_000 }, async () => {
  const files = {
    'notes/schema/main.hcl': hcl('public', 'text'), 'notes/seed/main.sql': `insert into notes (text) values ('one');`,
    'notes/schema/cache/notes.hcl': hcl('main', 'text'), 'notes/seed/cache.sql': `insert into notes (text) values ('one');`,
  }
  const { root, write } = await checkout({ 'santokit.config.ts': CONFIG, ...files })
  const dataDir = await mkdtemp(join(tmpdir(), 'santokit-dev-hcl-'))
  // As root, Postgres runs as another user, who must be able to walk into the folder.
  await chmod(dataDir, 0o755)
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const { config, host } = await loadConfig({ cwd: root, command: 'dev', env: {} })
  const [project] = config.projects
  const embedded = await startEmbeddedDatabases({ projects: config.projects, root: process.cwd(), dataDir, env: {} })
  onTestFinished(() => embedded.stop())
  const databases = embedded.databases('notes')
  const load = (env: NodeJS.ProcessEnv = process.env): Promise<readonly LoadedDatabase[]> => {
    const openHcl = hclLoader({ config, host, env, signal: new AbortController().signal, report() {} })
    return loadSchemaAndSeed({ project: project!, databases, root, openHcl })
  }
  const rows = (): Promise<unknown[]> => Promise.all(databases.map(({ driver, url }) =>
    withConnection({ driver, url: new SecretValue(url) }, async (connection) => (await connection.rows('select * from notes')).map((row) => ({ ...row })))))

  expect((await load()).map(({ alias, action }) => [alias, action])).toEqual([['main', 'loaded'], ['cache', 'loaded']])
  expect(await rows()).toEqual([[{ text: 'one' }], [{ text: 'one' }]])
  expect((await load()).map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])

  await write('notes/schema/main.hcl', hcl('public', 'text', 'author'))
  await write('notes/schema/cache/notes.hcl', hcl('main', 'text', 'author'))
  const failed = await load({ PATH: '/nowhere' }).then(() => expect.unreachable(), (error: unknown) => error as StkError)
  expect(failed.code).toBe('STK6002')
  expect(failed.message).toContain('atlas')
  expect(failed.details.fix).toBeDefined()
  expect(await rows()).toEqual([[{ text: 'one' }], [{ text: 'one' }]])

  expect((await load()).map(({ action }) => action)).toEqual(['reloaded', 'reloaded'])
  expect(await rows()).toEqual([[{ text: 'one', author: null }], [{ text: 'one', author: null }]])
})
