import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ADD, checkout, CONFIG, LIST } from './checkout.ts'

/** What a person can get wrong: what they wrote, and what they must be told. Each exits 2 and writes nothing. */
const MISTAKES: readonly (readonly [title: string, files: Record<string, string>, code: string, says: readonly string[]])[] = [
  ['a config that does not parse', { 'santokit.config.ts': CONFIG.replace('projects: {', 'projects: {{') }, 'STK1002', ['santokit.config.ts']],
  ['a config that throws', { 'santokit.config.ts': `throw new Error('not today')` }, 'STK1002', ['not today']],
  ['an unknown option', { 'santokit.config.ts': CONFIG.replace('databases:', 'databses:') }, 'STK1003', ['databses', 'databases']],
  ['an unknown option of a target', { 'santokit.config.ts': CONFIG.replace('to:', 'too:') }, 'STK1003', ['too']],
  ['two plugins with one name', { 'santokit.config.ts': CONFIG.replace('[tarball()]', '[tarball(), tarball()]') }, 'STK1008', ['tarball']],
  ['an unknown target type', { 'santokit.config.ts': CONFIG.replace('{ tarball: {', '{ tarbal: {') }, 'STK1007', ['tarbal', 'tarball']],
  ['an official target whose plugin is missing', { 'santokit.config.ts': CONFIG.replace('{ tarball: {', '{ image: {') }, 'STK1007', ['@santokit/plugin-image']],
  ['hooks in a circle', {
    'santokit.config.ts': CONFIG.replace('[tarball()]', `[tarball(),
      { name: 'a', hooks: { 'bundle:before': { before: 'b', handler() {} } } },
      { name: 'b', hooks: { 'bundle:before': { before: 'a', handler() {} } } }]`),
  }, 'STK1009', ['bundle:before', 'a', 'b']],
  ['a project without a folder', { 'santokit.config.ts': CONFIG.replace(`root: 'notes'`, `root: 'nowhere'`) }, 'STK1013', ['nowhere']],
  ['a missing alias', { 'notes/logic/notes/list.sql': LIST.replace('access:', 'database: cache\naccess:') }, 'STK2004', ['cache', 'main', 'list.sql']],
  ['two files for one path', { 'notes/logic/notes/add.sql': 'select 1' }, 'STK2005', ['add.sql', 'add.ts']],
  ['front matter that is no YAML', { 'notes/logic/notes/list.sql': LIST.replace('access: public', 'access: [public') }, 'STK2001', ['list.sql']],
  ['an unknown key in front matter', { 'notes/logic/notes/list.sql': LIST.replace('access:', 'acess:') }, 'STK2001', ['acess', 'access']],
  ['an undeclared parameter', { 'notes/logic/notes/list.sql': LIST.replace('limit :limit', 'limit :limt') }, 'STK2002', [':limt', 'limit', '> 6 |']],
  ['an unused parameter', { 'notes/logic/notes/list.sql': LIST.replace('limit :limit', '') }, 'STK2003', ['limit', 'list.sql:4']],
  ['an unterminated string', { 'notes/logic/notes/list.sql': `select 'oops from notes` }, 'STK2010', ['list.sql:1']],
  ['TypeScript that does not compile', { 'notes/logic/notes/add.ts': ADD.replace('params:', 'params:,') }, 'STK2006', ['add.ts:6']],
  ['an import that is not there', { 'notes/logic/notes/add.ts': ADD.replace(`'zod'`, `'zodd'`) }, 'STK2006', ['zodd', 'add.ts:2']],
  ['TypeScript that throws while it loads', { 'notes/logic/notes/add.ts': `throw new Error('too early')\n${ADD}` }, 'STK2007', ['too early', 'add.ts']],
  ['a module that is no logic', { 'notes/logic/notes/add.ts': 'export const x = 1' }, 'STK2008', ['add.ts']],
  ['logic without a namespace', { 'notes/logic/list.sql': 'select 1' }, 'STK2009', ['logic/list.sql']],
  ['a permission for nothing', { 'santokit.config.ts': CONFIG.replace('targets:', `permissions: { 'note/*': ['admin'] }, targets:`) }, 'STK2013', ['note/*']],
  ['YAML that cannot be read', { 'notes/config/databases.yaml': 'main: [' }, 'STK1012', ['databases.yaml']],
  ['a cache on logic that is not public', { 'notes/logic/notes/list.sql': LIST.replace('access: public', 'access: authenticated\ncache: 30s') }, 'STK2012', ['list.sql']],
]

test.each(MISTAKES)('%s is explained, and nothing is written', async (_title, files, code, says) => {
  const repository = await checkout(files)
  const before = await repository.files()
  const ran = await repository.stk('build')
  expect(ran.stdout + ran.stderr).toContain(code)
  for (const words of says) expect(ran.stdout + ran.stderr).toContain(words)
  expect(ran.stdout + ran.stderr).toContain(`docs/errors/${code}.md`)
  expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at .+:\d+:\d+/)
  expect(ran.code).toBe(2)
  expect(await repository.files()).toEqual(before)
})

test('every mistake in the logic is shown at once', async () => {
  const repository = await checkout({
    'notes/logic/notes/list.sql': LIST.replace('limit :limit', 'limit :limt'),
    'notes/logic/notes/other.sql': `select 'oops`,
    'notes/logic/notes/add.ts': ADD.replace('params:', 'params:,'),
  })
  const { stdout } = await repository.stk('build')
  for (const code of ['STK2002', 'STK2003', 'STK2010', 'STK2006']) expect(stdout).toContain(code)
})

test('a mistake in one project keeps the others from being written', async () => {
  const repository = await checkout({
    'santokit.config.ts': CONFIG.replace('    notes: {', `    broken: { root: 'broken', databases: { main: { driver: 'libsql', url: secret('OTHER_URL') } } },\n    notes: {`),
    'broken/logic/a/b.sql': 'select :nothing',
  })
  const { code, stdout } = await repository.stk('build')
  expect(code).toBe(2)
  expect(stdout).toContain('nothing was written')
  await expect(repository.read('dist/notes/manifest.json')).rejects.toThrow('ENOENT')
})

test('an output folder that cannot be written is explained', async () => {
  const repository = await checkout({ 'dist': 'a file where a folder should be' })
  const before = await repository.files()
  const { code, stdout, stderr } = await repository.stk('build')
  expect(stdout + stderr).toContain('STK2020')
  expect(code).toBe(2)
  expect(await repository.files()).toEqual(before)
})

test.skipIf(process.getuid?.() === 0)('an output folder without permission is explained', async () => {
  const repository = await checkout({ 'dist/keep.txt': 'mine' })
  await chmod(join(repository.root, 'dist'), 0o500)
  const { code, stdout, stderr } = await repository.stk('build')
  await chmod(join(repository.root, 'dist'), 0o700)
  expect(stdout + stderr).toContain('STK2020')
  expect(code).toBe(2)
})

test('no config at all says where it looked and what to do', async () => {
  const repository = await checkout()
  await repository.remove('santokit.config.ts')
  const { code, stderr } = await repository.stk('build')
  expect(stderr).toContain('STK1001')
  expect(stderr).toContain('stk init')
  expect(code).toBe(2)
})

test.each([
  [['bulid'], 'Did you mean "build"?'],
  [['build', '--projct', 'notes'], '--project'],
  [['build', 'notes'], 'takes no argument'],
  [['build', '--project', 'nots'], 'Did you mean "notes"?'],
  [['release', '--target', 'tarbal', '--yes'], 'Did you mean "tarball"?'],
  [['build', '--env', 'stagin'], 'stagin'],
  [['release'], 'Add --yes.'],
  [['deploy'], 'stk deploy TARGET'],
  [['rollback', '--yes'], 'Nothing has been released'],
  [['secrets', 'chek'], 'Did you mean "check"?'],
])('stk %j is refused with what to do next', async (args, says) => {
  const repository = await checkout()
  const before = await repository.files()
  const { code, stdout, stderr } = await repository.stk(...args)
  expect(stdout + stderr).toContain(says)
  expect(code).toBe(args[0] === 'rollback' ? 1 : 2)
  expect(await repository.files()).toEqual(before)
})

test('with --json an error is one JSON line on stdout, and nothing else', async () => {
  const repository = await checkout({ 'santokit.config.ts': CONFIG.replace('databases:', 'databses:') })
  const { code, stderr, events } = await repository.stk('build', '--json')
  expect(code).toBe(2)
  expect(stderr).toBe('')
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({ type: 'error', error: { code: 'STK1003', page: 'docs/errors/STK1003.md' } })
})
