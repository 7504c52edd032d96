import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isStkError } from '../diagnostics/index.ts'
import { readSqlSource } from './read.ts'
import { scanLogic, type LogicFile } from './scan.ts'

let repository: string
let project: string
beforeEach(async () => {
  repository = await realpath(await mkdtemp(join(tmpdir(), 'santokit-scan-')))
  project = join(repository, 'projects/shop')
  await mkdir(project, { recursive: true })
})
afterEach(() => rm(repository, { recursive: true, force: true }))

async function write(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(project, file)), { recursive: true })
    await writeFile(join(project, file), 'select 1')
  }
}

function scan(): Promise<readonly LogicFile[]> {
  return scanLogic(project, repository)
}

/** `code file: why`, a line for each problem. */
async function problems(): Promise<readonly string[]> {
  try {
    await scan()
  } catch (error) {
    if (!isStkError(error)) throw error
    return [error, ...(error.details.others ?? [])].map(({ code, details: { where, why } }) => `${code} ${where?.file}: ${why}`)
  }
  return []
}

test('a project without logic has none', async () => {
  expect(await scan()).toEqual([])
  await mkdir(join(project, 'logic'))
  expect(await scan()).toEqual([])
})

test('logic is found in every form, sorted by path', async () => {
  await write('logic/orders/list.sql', 'logic/orders/Z.md', 'logic/orders/get.ts', 'logic/admin/orders/list.js', 'logic/a-b/c_D1.mjs', 'logic/orders/get-all.sql')
  expect(await scan()).toEqual([
    { path: 'a-b/c_D1', kind: 'module', file: join(project, 'logic/a-b/c_D1.mjs'), source: 'logic/a-b/c_D1.mjs', private: false },
    { path: 'admin/orders/list', kind: 'module', file: join(project, 'logic/admin/orders/list.js'), source: 'logic/admin/orders/list.js', private: false },
    { path: 'orders/get', kind: 'module', file: join(project, 'logic/orders/get.ts'), source: 'logic/orders/get.ts', private: false },
    { path: 'orders/get-all', kind: 'sql', file: join(project, 'logic/orders/get-all.sql'), source: 'logic/orders/get-all.sql', private: false },
    { path: 'orders/list', kind: 'sql', file: join(project, 'logic/orders/list.sql'), source: 'logic/orders/list.sql', private: false },
  ])
})

test('a file or a folder with _ in front is private', async () => {
  await write('logic/orders/_restock.sql', 'logic/_internal/audit.ts', 'logic/admin/_jobs/run.ts', 'logic/orders/a_b.sql')
  expect((await scan()).map(({ path, private: isPrivate }) => `${path} ${isPrivate}`)).toEqual([
    '_internal/audit true', 'admin/_jobs/run true', 'orders/_restock true', 'orders/a_b false',
  ])
})

test('tests, type declarations, hidden files and others are passed over', async () => {
  await write(
    'logic/orders/list.test.ts', 'logic/orders/list.spec.js', 'logic/orders/types.d.ts', 'logic/orders/.hidden.sql', 'logic/.git/x/y.sql',
    'logic/README.md', 'logic/Assets/Data Set.json', 'logic/orders/Makefile', 'logic/orders/list.sql',
  )
  expect((await scan()).map(({ path }) => path)).toEqual(['orders/list'])
})

test('a twin belongs to its SQL file and is read with it', async () => {
  await write('logic/orders/list.sql')
  await writeFile(join(project, 'logic/orders/list.yaml'), 'access: public')
  const [logic] = await scan()
  expect(logic?.twin).toBe(join(project, 'logic/orders/list.yaml'))
  expect(readSqlSource(logic as LogicFile, repository)).toEqual({
    path: 'orders/list', source: 'logic/orders/list.sql', private: false, displayFile: 'projects/shop/logic/orders/list.sql', text: 'select 1',
    twin: { displayFile: 'projects/shop/logic/orders/list.yaml', text: 'access: public' },
  })
})

test('a file that is not UTF-8 is refused', async () => {
  await write('logic/orders/list.sql')
  await writeFile(join(project, 'logic/orders/list.sql'), Buffer.from([0x73, 0xff]))
  const [logic] = await scan()
  expect(() => readSqlSource(logic as LogicFile, repository)).toThrow(expect.objectContaining({ code: 'STK2010' }))
})

test('a twin without its SQL file is refused', async () => {
  await write('logic/orders/list.yaml', 'logic/orders/get.yaml', 'logic/orders/get.ts')
  expect(await problems()).toEqual([
    'STK2001 projects/shop/logic/orders/get.yaml: It is front matter for projects/shop/logic/orders/get.sql, which does not exist.',
    'STK2001 projects/shop/logic/orders/list.yaml: It is front matter for projects/shop/logic/orders/list.sql, which does not exist.',
  ])
})

test('every bad name is told at once, a folder once', async () => {
  await write(
    'logic/top.sql', 'logic/Orders/a.sql', 'logic/Orders/b.sql', 'logic/orders/List.sql', 'logic/orders/a b.ts', 'logic/orders/list.v2.sql',
    'logic/orders/__x.sql', 'logic/orders/größe.sql',
  )
  expect((await problems()).map((line) => line.split(': ')[0])).toEqual([
    'STK2009 projects/shop/logic/Orders', 'STK2009 projects/shop/logic/orders/List.sql', 'STK2009 projects/shop/logic/orders/__x.sql',
    'STK2009 projects/shop/logic/orders/a b.ts', 'STK2009 projects/shop/logic/orders/größe.sql',
    'STK2009 projects/shop/logic/orders/list.v2.sql', 'STK2009 projects/shop/logic/top.sql', 'STK2005 projects/shop/logic/Orders',
  ])
})

test('an extension that is nearly right is not passed over', async () => {
  await write('logic/orders/a.mts', 'logic/orders/b.tsx', 'logic/orders/c.SQL', 'logic/orders/d.sql', 'logic/orders/d.yml', 'logic/orders/e.d.mts')
  expect((await problems()).map((line) => line.split(': ')[0])).toEqual([
    'STK2009 projects/shop/logic/orders/a.mts', 'STK2009 projects/shop/logic/orders/b.tsx', 'STK2009 projects/shop/logic/orders/c.SQL',
    'STK2009 projects/shop/logic/orders/d.yml',
  ])
})

test('two files for one path are refused, both named', async () => {
  await write('logic/orders/list.sql', 'logic/orders/list.ts')
  expect(await problems()).toEqual([
    'STK2005 projects/shop/logic/orders/list.sql: projects/shop/logic/orders/list.sql and projects/shop/logic/orders/list.ts are one logic, "orders/list".',
  ])
})

test('paths that differ by case only are refused', async () => {
  await write('logic/orders/getAll.sql', 'logic/orders/getall.ts', 'logic/userData/a.sql', 'logic/userdata/b.sql')
  expect((await problems()).map((line) => line.split(': ')[1])).toEqual([
    'projects/shop/logic/orders/getAll.sql and projects/shop/logic/orders/getall.ts are one logic, "orders/getall" on macOS and Windows.',
    'projects/shop/logic/userData and projects/shop/logic/userdata are one folder on macOS and Windows.',
  ])
})

test('links within the project are followed', async () => {
  await write('lib/audit.ts', 'lib/deep/list.sql')
  await mkdir(join(project, 'logic/orders'), { recursive: true })
  await symlink('../../lib/audit.ts', join(project, 'logic/orders/audit.ts'))
  await symlink('../../lib/deep', join(project, 'logic/orders/deep'))
  expect((await scan()).map(({ path, source }) => `${path} ${source}`)).toEqual([
    'orders/audit logic/orders/audit.ts', 'orders/deep/list logic/orders/deep/list.sql',
  ])
})

test('links that lead out of the project, nowhere or in a circle are refused', async () => {
  await write('logic/orders/list.sql')
  await mkdir(join(repository, 'projects/shop2'))
  await writeFile(join(repository, 'projects/shop2/secret.ts'), '')
  await symlink('../../../shop2/secret.ts', join(project, 'logic/orders/secret.ts'))
  await symlink('/', join(project, 'logic/root'))
  await symlink('./nothing.sql', join(project, 'logic/orders/gone.sql'))
  await symlink('..', join(project, 'logic/orders/up'))
  expect([...(await problems())].sort()).toEqual([
    'STK2009 projects/shop/logic/orders/gone.sql: projects/shop/logic/orders/gone.sql is a link that leads nowhere.',
    'STK2009 projects/shop/logic/orders/secret.ts: projects/shop/logic/orders/secret.ts is a link out of the project.',
    'STK2009 projects/shop/logic/orders/up: projects/shop/logic/orders/up is a link to a folder it lies in.',
    'STK2009 projects/shop/logic/root: projects/shop/logic/root is a link out of the project.',
  ])
})

test('a project that is itself reached through a link is fine', async () => {
  await write('logic/orders/list.sql')
  await symlink(project, join(repository, 'linked'))
  expect(await scanLogic(join(repository, 'linked'), repository)).toMatchObject([{ path: 'orders/list' }])
})

test('logic/ must be a folder', async () => {
  await writeFile(join(project, 'logic'), '')
  expect(await problems()).toEqual(['STK2009 projects/shop/logic: projects/shop/logic is a file.'])
})
