import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReportEvent } from '../diagnostics/index.ts'
import { CONFIG, develop, FILES, type Developed } from './explorer/fixture.ts'

const LIST = FILES['notes/logic/notes/list.sql'] as string
const keepsServing = (event: ReportEvent): boolean => event.type === 'note' && event.message.includes('last good')
const first = async ({ call }: Developed): Promise<unknown> => ((await (await call('notes/list', { limit: 1 })).json()) as { data: unknown[] }).data[0]

test('a save is served; one that does not build leaves the last good Bridge, and says so with a frame', async () => {
  const dev = await develop()
  await dev.write('notes/logic/notes/list.sql', LIST.replace('id, author,', "id, 'anybody' as author,"))
  expect(await dev.next('served')).toMatchObject({ project: 'notes', ms: expect.any(Number) as number })
  expect(await first(dev)).toMatchObject({ author: 'anybody' })

  await dev.write('notes/logic/notes/list.sql', LIST.replace(':limit', ':limits'))
  const failed = await dev.next('phase:failed')
  expect(failed).toMatchObject({ error: { code: 'STK2002', details: { where: { file: 'notes/logic/notes/list.sql', line: 13, text: expect.stringContaining(':limits') as string } } } })
  await dev.next('note', keepsServing)
  expect(await first(dev)).toMatchObject({ author: 'anybody' })

  await dev.write('notes/logic/notes/list.sql', LIST)
  await dev.next('served')
  expect(await first(dev)).toMatchObject({ author: 'alice' })
})

test('TypeScript: what logic imports is watched, also from outside its project, and a syntax error has its frame', async () => {
  const module = (word: string): string => `import { word } from '../../../common/word.ts'\nexport default { access: 'public', handler: () => \`\${word} ${word}\` }\n`
  const dev = await develop({ ...FILES, 'common/word.ts': `export const word: string = 'one'`, 'notes/logic/stats/word.ts': module('A') })
  const word = async (): Promise<unknown> => ((await (await dev.call('stats/word')).json()) as { data: unknown }).data
  expect(await word()).toBe('one A')
  await dev.write('common/word.ts', `export const word: string = 'two'`)
  await dev.next('served')
  expect(await word()).toBe('two A')
  await dev.write('notes/logic/stats/word.ts', `${module('B')}const = 3\n`)
  expect(await dev.next('phase:failed')).toMatchObject({ error: { code: 'STK2006', details: { where: { file: 'notes/logic/stats/word.ts', line: 3 } } } })
  expect(await word()).toBe('two A')
})

test('TypeScript: a file that is newly imported, and broken or not there, is seen once it is mended or written', async () => {
  const module = (from: string): string => `import { word } from '${from}'\nexport default { access: 'public', handler: () => word }\n`
  const dev = await develop({ ...FILES, 'common/broken.ts': 'export const word = = 1', 'common/throws.ts': `throw new Error('not yet')\nexport const word = 'never'`, 'notes/logic/stats/word.ts': module('./../_none.ts') })
  const word = async (): Promise<unknown> => ((await (await dev.call('stats/word')).json()) as { data: unknown }).data
  const mended = async (path: string, text: string, from: string): Promise<void> => {
    await dev.write('notes/logic/stats/word.ts', module(from))
    await dev.next('phase:failed')
    await dev.next('note', (event) => event.type === 'note' && event.level === 'warn')
    await dev.write(path, text)
    await dev.next('served')
  }
  await mended('common/broken.ts', `export const word = 'mended'`, '../../../common/broken.ts')
  expect(await word()).toBe('mended')
  await mended('common/throws.ts', `export const word = 'loads'`, '../../../common/throws.ts')
  expect(await word()).toBe('loads')
  await mended('common/none.ts', `export const word = 'written'`, '../../../common/none')
  expect(await word()).toBe('written')
  // Not even its folders are there.
  await mended('lib/words/de/index.ts', `export const word = 'Wort'`, '../../../lib/words/de')
  expect(await word()).toBe('Wort')
  // And it stays watched.
  await dev.write('lib/words/de/index.ts', `export const word = 'Worte'`)
  await dev.next('served')
  expect(await word()).toBe('Worte')
}, 60_000)

test('config, what it imports, a local plugin, YAML and .env are read again; one that is broken leaves the last good one', async () => {
  const dev = await develop({
    ...FILES,
    'plugins/shout.mjs': `export const shout = () => ({ name: 'shout', config: () => ({ projects: { notes: { limits: { timeout: '5s' } } } }) })`,
    'roles.mjs': `export const roles = ['admin']`,
    'santokit.config.mjs': `import { shout } from './plugins/shout.mjs'\nimport { roles } from './roles.mjs'\n${CONFIG.replace('plugins: [', 'plugins: [shout(),').replace("root: 'notes',", "root: 'notes', permissions: { 'notes/list': roles },")}`,
  })
  const state = async (): Promise<{ logic: { path: string; access: unknown; timeout: number }[] }> => (await fetch(`${dev.url}/_stk/api/state`)).json() as never
  const list = async (): Promise<unknown> => (await state()).logic.find(({ path }) => path === 'notes/list')
  expect(await list()).toMatchObject({ access: ['admin'], timeout: 5000 })

  await dev.write('roles.mjs', `export const roles = ['staff']`)
  await dev.next('served')
  expect(await list()).toMatchObject({ access: ['staff'] })
  await dev.write('plugins/shout.mjs', `export const shout = () => ({ name: 'shout', config: () => ({ projects: { notes: { limits: { timeout: '7s' } } } }) })`)
  await dev.next('served')
  expect(await list()).toMatchObject({ timeout: 7000 })

  await dev.write('roles.mjs', 'export const roles = [')
  expect(await dev.next('phase:failed')).toMatchObject({ project: 'config', error: { code: 'STK1002' } })
  await dev.next('note', keepsServing)
  expect((await dev.call('notes/purge')).status).toBe(401)
  await dev.write('roles.mjs', `export const roles = 'public'`)
  await dev.next('served')
  expect((await dev.call('notes/list')).status).toBe(200)

  // A file that was not there when the server started.
  await dev.write('notes/config/permissions.yaml', 'stats/slow: [admin]\n')
  await dev.next('served')
  expect((await dev.call('stats/slow')).status).toBe(401)

  // A database of one's own in `.env` takes the place of the embedded one.
  await dev.write('.env', `DATABASE_URL=file:${join(dev.root, 'mine.db')}\n`)
  await dev.next('served')
  expect((await dev.call('notes/list')).status).toBe(500)
  await rm(join(dev.root, '.env'))
  await dev.next('served')
  expect((await dev.call('notes/list')).status).toBe(200)
}, 60_000)

test('Postgres: the last good Bridge keeps its database when the declarations change and what comes does not build', async () => {
  const config = CONFIG.replace(`driver: 'libsql'`, `driver: 'pg'`)
  const dev = await develop({
    'santokit.config.mjs': config, 'notes/schema/main.sql': 'create table notes (text text);', 'notes/seed/main.sql': `insert into notes values ('kept');`,
    'notes/logic/notes/list.sql': '---\naccess: public\n---\nselect text from notes',
  })
  const list = async (): Promise<unknown> => (await dev.call('notes/list')).json()
  await dev.write('notes/logic/notes/more.sql', '---\naccess: public\ndatabase: extra\n---\nselect :nobody')
  await dev.next('note', keepsServing)
  await dev.write('santokit.config.mjs', config.replace('databases: {', `databases: { extra: { driver: 'pg', url: { secret: 'EXTRA_URL' } },`))
  await dev.next('phase:failed')
  await dev.next('note', keepsServing)
  expect(await list()).toEqual({ data: [{ text: 'kept' }] })
  await dev.write('notes/logic/notes/more.sql', '---\naccess: public\ndatabase: extra\n---\nselect current_database() as name')
  await dev.next('served')
  expect(await (await dev.call('notes/more')).json()).toEqual({ data: [{ name: 'notes_extra' }] })
  expect(await list()).toEqual({ data: [{ text: 'kept' }] })
}, 60_000)

test('a project that the config gains is served at an address of its own, and one that it loses is gone', async () => {
  const dev = await develop({ ...FILES, 'links/logic/app/all.sql': '---\naccess: public\n---\nselect 1 as one\n' })
  const more = CONFIG.replace('projects: {', `projects: { links: { root: 'links', databases: { main: { driver: 'libsql', url: { secret: 'LINKS_URL' } } } },`)
  await dev.write('santokit.config.mjs', more)
  const { url } = await dev.next('served', (event) => event.type === 'served' && event.project === 'links') as { url: string }
  await dev.next('served', (event) => event.type === 'served' && event.project === 'notes')
  expect((await dev.server.projects()).map(({ name }) => name)).toEqual(['links', 'notes'])
  const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"path":"app/all"}' })
  expect(await answer.json()).toEqual({ data: [{ one: 1 }] })
  await dev.write('santokit.config.mjs', CONFIG)
  await dev.next('served', (event) => event.type === 'served' && event.project === 'notes')
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  expect((await dev.call('notes/list')).status).toBe(200)
})

test('the client types are kept fresh where a repository has them, and nowhere else', async () => {
  const dev = await develop({ ...FILES, 'santokit-env.d.ts': '' })
  const types = (): Promise<string> => readFile(join(dev.root, 'santokit-env.d.ts'), 'utf8')
  expect(await types()).toContain('readonly author?: string')
  await dev.write('notes/logic/notes/list.sql', LIST.replaceAll('author:', 'writer:').replaceAll(':author', ':writer'))
  await dev.next('note', (event) => event.type === 'note' && event.message.includes('santokit-env.d.ts'))
  expect(await types()).toContain('readonly writer?: string')
  const without = await develop()
  await expect(readFile(join(without.root, 'santokit-env.d.ts'))).rejects.toThrow()
})

test('a restart serves afresh, and tokens stay good', async () => {
  const dev = await develop()
  const [{ token } = { token: '' }] = await dev.server.projects()
  await dev.server.restart()
  await dev.next('served')
  expect((await dev.call('notes/purge', {}, token)).status).toBe(200)
})

test("logic's own log and what failed are shown; calls that went well are not", async () => {
  const dev = await develop({ ...FILES, 'notes/logic/stats/talks.ts': `export default { access: 'public', handler({ log }) { log.info('counted', { notes: 3 }); return null } }` })
  expect((await dev.call('notes/list')).status).toBe(200)
  expect((await dev.call('stats/talks')).status).toBe(200)
  expect(await dev.next('note', (event) => event.type === 'note' && event.message.includes('counted'))).toMatchObject({ level: 'info', project: 'notes', message: 'stats/talks  counted  {"notes":3}' })
  expect((await dev.call('stats/slow')).status).toBe(500)
  expect(await dev.next('note')).toMatchObject({ level: 'warn', message: expect.stringMatching(/^stats\/slow {2}500 internal {2}[\d.]+ ms {2}Error: the figures of March are missing\n/) as string })
})
