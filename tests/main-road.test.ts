import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkout, LIST } from './checkout.ts'

const digestOf = async (repository: Awaited<ReturnType<typeof checkout>>): Promise<string> => {
  const { events, stdout, stderr } = await repository.stk('build', '--json')
  const result = events.find((event) => event.type === 'result') as { projects: { digest: string }[] } | undefined
  if (result?.projects[0] === undefined) throw new Error(stdout + stderr)
  return result.projects[0].digest
}

test('build, release, releases, rollback: the road and the way back', async () => {
  const repository = await checkout()
  expect(await repository.stk('build')).toMatchObject({ code: 0 })
  const first = await repository.stk('release', '--yes')
  expect(first.stderr).toBe('')
  expect(first).toMatchObject({ code: 0 })
  expect(first.stdout).toMatch(/✔ release .* → production/)
  expect(first.stdout).toMatch(/✔ verify/)

  // The same again changes nothing.
  const before = await repository.files()
  const again = await repository.stk('release', '--yes')
  expect(again.stdout).toContain('already live')
  expect(await repository.files()).toEqual(before)

  await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', 'asc'))
  expect(await repository.stk('release', '--yes')).toMatchObject({ code: 0 })
  const listed = (await repository.stk('releases', '--json')).events.filter((event) => event.type === 'release')
  expect(listed.map((release) => release.live)).toEqual([true, false])
  expect(listed[0]?.previous).toBe(listed[1]?.id)

  expect(await repository.stk('rollback', '--yes')).toMatchObject({ code: 0 })
  const after = (await repository.stk('releases', '--json')).events.filter((event) => event.type === 'release')
  expect(after).toHaveLength(3)
  expect(after[0]).toMatchObject({ live: true, restores: listed[1]?.id, digest: listed[1]?.digest })
  // There is nothing before the first one: not to and fro.
  expect(await repository.stk('rollback', '--yes')).toMatchObject({ code: 1 })
})

test('environments are released apart', async () => {
  const repository = await checkout()
  const config = await repository.read('santokit.config.ts')
  await repository.write('santokit.config.ts', config.replace(/\}\)\n$/, `  environments: { staging: {} },\n})\n`))
  expect(await repository.stk('release', '--yes', '--env', 'staging')).toMatchObject({ code: 0 })
  const production = await repository.stk('releases', '--json')
  expect(production.events.filter((event) => event.type === 'release')).toEqual([])
})

test('a dry run shows the steps and changes nothing', async () => {
  const repository = await checkout()
  const before = await repository.files()
  const { code, stdout } = await repository.stk('release', '--dry-run')
  expect(code).toBe(0)
  expect(stdout).toContain('nothing was changed')
  expect(stdout).toMatch(/create|upload/)
  expect(await repository.files()).toEqual(before)
})

test('the bundle on disk holds what the manifest says', async () => {
  const repository = await checkout()
  await repository.stk('build')
  const manifest = JSON.parse(await repository.read('dist/notes/manifest.json')) as { files: Record<string, { bytes: number }>; digest: string }
  for (const [path, { bytes }] of Object.entries(manifest.files)) {
    expect((await readFile(join(repository.root, 'dist/notes/bundle', path))).length).toBe(bytes)
  }
  expect(Object.keys(manifest.files)).toContain('logic/notes/add.mjs')
})

test('--flat writes one project straight into dist and touches nothing else there', async () => {
  const repository = await checkout({ 'dist/mine.txt': 'mine' })
  expect(await repository.stk('bundle', '--flat')).toMatchObject({ code: 0 })
  const files = Object.keys(await repository.files())
  expect(files).toEqual(expect.arrayContaining(['dist/manifest.json', 'dist/santokit-bundle.tgz', 'dist/bundle/logic/notes/add.mjs', 'dist/mine.txt']))
})

test('the same sources give the same digest in another folder, time zone and umask', async () => {
  const here = await checkout()
  const there = await checkout({}, (await checkout()).root)
  const umask = process.umask(0o077)
  const other = there.spawnStk(['build', '--json'], { TZ: 'Asia/Seoul', LC_ALL: 'C' })
  process.umask(umask)
  const [result] = (await other.ended).events.filter((event) => event.type === 'result') as unknown as { projects: { digest: string }[] }[]
  expect(result?.projects[0]?.digest).toBe(await digestOf(here))
  expect(await readFile(join(there.root, 'dist/notes/santokit-bundle.tgz'))).toEqual(await readFile(join(here.root, 'dist/notes/santokit-bundle.tgz')))
})

test('caches change the time, never the bytes', async () => {
  const repository = await checkout()
  const cold = await digestOf(repository)
  expect(await digestOf(repository)).toBe(cold)
  await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', 'asc'))
  expect(await digestOf(repository)).not.toBe(cold)
  await repository.write('notes/logic/notes/list.sql', LIST)
  expect(await digestOf(repository)).toBe(cold)
  await repository.write('.santokit/cache/notes/modules.json', '{"key":"damaged')
  await repository.write('.santokit/cache/notes/sql.json', 'null')
  await repository.remove('dist')
  expect(await digestOf(repository)).toBe(cold)
})

test('a module that logic imports is part of what is built', async () => {
  const repository = await checkout({
    'notes/lib/greeting.ts': `export const greeting = 'one'`,
    'notes/logic/notes/greet.ts': `import { greeting } from '../../lib/greeting.ts'\nexport default { access: 'public', handler: () => ({ greeting }) }`,
  })
  const one = await digestOf(repository)
  await repository.write('notes/lib/greeting.ts', `export const greeting = 'two'`)
  expect(await digestOf(repository)).not.toBe(one)
})

test('what was removed from the sources is removed from dist', async () => {
  const repository = await checkout({ 'notes/logic/notes/gone.ts': `export default { access: 'public', handler: () => null }` })
  await repository.stk('build')
  await repository.remove('notes/logic/notes/gone.ts')
  await repository.stk('build')
  expect(Object.keys(await repository.files()).filter((path) => path.includes('gone'))).toEqual([])
})

test('a secret that slipped into the code stops the build, unnamed value and all', async () => {
  const value = 'libsql://prod.example.com?authToken=canary-value'
  const repository = await checkout({ 'notes/logic/notes/leak.ts': `export default { access: 'public', handler: () => '${value}' }` })
  const { code, stdout, stderr } = await repository.spawnStk(['build'], { DATABASE_URL: value }).ended
  expect(code).toBe(2)
  expect(stdout).toContain('STK2022')
  expect(stdout + stderr).not.toContain('canary-value')
})

test('plugins see the lifecycle in order, and one that throws is named', async () => {
  const config = (await (await checkout()).read('santokit.config.ts')).replace('[tarball()]', `[tarball(), {
    name: 'listener',
    hooks: {
      'bundle:before': () => console.error('bundle:before'),
      'bundle:logic': (_, { path }) => console.error('bundle:logic ' + path),
      'bundle:done': (_, bundle) => console.error('bundle:done ' + Object.isFrozen(bundle.manifest.logic)),
      'package:done': () => console.error('package:done'),
      'release:planned': () => console.error('release:planned'),
      'release:done': () => { throw new TypeError('listener broke') },
    },
  }]`)
  const repository = await checkout({ 'santokit.config.ts': config })
  const { code, stdout, stderr } = await repository.stk('release', '--yes')
  expect(stderr.split('\n').filter((line) => /^(bundle|package|release):/.test(line))).toEqual([
    'bundle:before', 'bundle:logic notes/add', 'bundle:logic notes/list', 'bundle:done true', 'package:done', 'release:planned',
  ])
  expect(stdout + stderr).toContain('STK1010')
  expect(stdout + stderr).toContain('listener broke')
  expect(stdout + stderr).toContain('release:done')
  expect(code).toBe(1)
})

test('a plugin can stop a release at the last moment', async () => {
  const config = (await (await checkout()).read('santokit.config.ts')).replace('[tarball()]', `[tarball(), {
    name: 'freeze', hooks: { 'release:planned': () => { throw new Error('no releases on Friday') } },
  }]`)
  const repository = await checkout({ 'santokit.config.ts': config })
  const before = await repository.files()
  const { code, stdout } = await repository.stk('release', '--yes')
  expect(stdout).toContain('no releases on Friday')
  expect(code).toBe(1)
  expect(await repository.files()).toEqual(before)
})

test('stk init writes a project that builds', async () => {
  const repository = await checkout()
  for (const path of ['santokit.config.ts', 'notes', 'package.json']) await repository.remove(path)
  expect(await repository.stk('init', 'hello')).toMatchObject({ code: 0 })
  expect(await repository.stk('build', '--verify')).toMatchObject({ code: 0 })
  const before = await repository.files()
  expect(await repository.stk('init', 'hello')).toMatchObject({ code: 2 })
  expect(await repository.files()).toEqual(before)
})

test('stk inspect says who set a value', async () => {
  const repository = await checkout({ 'notes/config/databases.yaml': 'main: { statementTimeout: 3s }\n' })
  const { events } = await repository.stk('inspect', '--json')
  const { values } = events[0] as unknown as { values: { path: string; value: unknown; origin: string }[] }
  const origin = (path: string): unknown => values.find((value) => value.path === path)
  expect(origin('projects.notes.databases.main.driver')).toMatchObject({ value: 'libsql', origin: 'santokit.config.ts' })
  expect(origin('projects.notes.databases.main.statementTimeout')).toMatchObject({ value: 3000, origin: 'notes/config/databases.yaml' })
  expect(origin('projects.notes.databases.main.pool.max')).toMatchObject({ value: 10, origin: 'default' })
})
