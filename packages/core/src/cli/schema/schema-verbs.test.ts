import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { makeTinyProject, TINY_CONFIG, type TinyProject } from './tiny-project.ts'

let tiny: TinyProject
beforeEach(async () => {
  tiny = await makeTinyProject()
  return () => tiny.remove()
})

test('plan: exit codes, formats and the file; nothing is changed', async () => {
  await tiny.byHand('create table users (id integer primary key, old text)')
  expect(await tiny.stk('schema', 'plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  await tiny.wanted('create table users (id integer primary key, email text)')
  const plan = await tiny.stk('schema', 'plan', '--detailed-exitcode', '--out', 'plan.json')
  expect(plan.code).toBe(2)
  expect(plan.out).toContain('needs --allow-drop column:users.old')
  expect((await tiny.stk('schema', 'plan', '--format', 'json')).out).toBe(await readFile(join(tiny.root, 'plan.json'), 'utf8'))
  expect((await tiny.stk('schema', 'plan', '--format', 'sql')).out).toContain('-- additive: adds a column\nalter table users add column email text;')
  const { out } = await tiny.stk('schema', 'plan', '--format', 'markdown')
  expect(out).toMatch(/^### Schema plan · production[\s\S]*`--allow-drop column:users.old`[\s\S]*```sql/)
  expect(await tiny.stk('schema', 'plan', '--detailed-exitcode', '--alias', 'mian')).toMatchObject({ code: 1, err: expect.stringContaining('STK6014') })
  expect(await tiny.stk('schema', 'plan', '--detailed-exitcod')).toMatchObject({ code: 2 })
  const events = (await tiny.stk('schema', 'plan', '--json')).out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events.at(-1)).toMatchObject({ type: 'result', ok: true, changes: true })
})

test('apply: refuses what was not said, a plan that is stale and one that was edited', async () => {
  await tiny.byHand('create table users (id integer primary key, old text)')
  await tiny.wanted('create table users (id integer primary key, email text)')
  await tiny.stk('schema', 'plan', '--out', 'plan.json')
  expect(await tiny.stk('schema', 'apply', 'plan.json')).toMatchObject({ code: 1, err: expect.stringContaining('STK6008') })
  expect((await tiny.stk('schema', 'apply', '--allow-drop', 'column:users.old')).err).toContain('STK1021')
  const text = await readFile(join(tiny.root, 'plan.json'), 'utf8')
  await writeFile(join(tiny.root, 'edited.json'), text.replace('add column email text', 'add column email text default 1'))
  expect((await tiny.stk('schema', 'apply', 'edited.json', '--allow-drop', 'column:users.old')).out).toContain('STK6007')
  expect((await tiny.stk('schema', 'apply', 'plan.json', '--env', 'development')).err).toContain('STK6006')
  expect((await tiny.stk('schema', 'apply', 'santokit.config.mjs')).err).toContain('STK6005')
  await tiny.byHand('create index drift on users (old)')
  const stale = await tiny.stk('schema', 'apply', 'plan.json', '--allow-drop', 'column:users.old')
  expect(stale).toMatchObject({ code: 1, out: expect.stringContaining('table users: index drift added') })
})

/** A platform that keeps what it was told in a list. */
const TARGET = `{
  type: 'nowhere', options: { safeParseAsync: async (data) => ({ success: true, data }), safeParse: (data) => ({ success: true, data }) },
  package: async (bundle) => ({ digest: bundle.digest, files: [], meta: null }),
  plan: async (pkg) => ({ from: null, to: pkg.digest, steps: [], bytes: 0, observed: '' }),
  release: async () => { throw new Error('released') },
  async *releases({ environment }) {
    yield { id: 'r1', project: 'shop', target: 'nowhere', environment, digest: 'sha256:' + '0'.repeat(64), at: '2026-01-01T00:00:00.000Z' }
  },
  promote: async (from, _origin, ctx) => {
    writeFileSync(new URL('./promoted', import.meta.url), ctx.environment)
    return { ...from, environment: ctx.environment }
  },
}`

const demanding = (): Promise<void> => writeFile(join(tiny.root, 'santokit.config.mjs'), `import { writeFileSync } from 'node:fs'\n${TINY_CONFIG
  .replace('schemaEngines: [engine]', `schemaEngines: [engine], targets: [${TARGET}]`)
  .replace('databases:', `schema: 'require', targets: { nowhere: {} }, databases:`)}`)

test('release: with schema: require it stops while the database is behind, says the command, and applies nothing', async () => {
  await demanding()
  await tiny.byHand('create table users (id integer primary key, old text)')
  expect(await tiny.stk('release', '--dry-run')).toMatchObject({ code: 0, out: expect.stringContaining('main up to date') })
  await tiny.wanted('create table users (id integer primary key, old text, email text)')
  const stopped = await tiny.stk('release', '--yes')
  expect(stopped).toMatchObject({ code: 1, out: expect.stringContaining('STK6013') })
  expect(stopped.out).toContain('stk schema apply plan.json')
  expect(stopped.out + stopped.err).not.toContain('released"')
  expect((await tiny.stk('schema', 'plan', '--detailed-exitcode')).code).toBe(2)
})

test('promote: with schema: require it stops while the destination is behind, before anything is changed', async () => {
  await demanding()
  const promote = (...more: readonly string[]) => tiny.stk('promote', '--from', 'production', '--to', 'development', '--project', 'shop', '--target', 'nowhere', ...more)
  await tiny.byHand('create table users (id integer primary key, old text)')
  await tiny.wanted('create table users (id integer primary key, old text, email text)')
  for (const option of ['--yes', '--dry-run']) {
    const stopped = await promote(option)
    expect(stopped).toMatchObject({ code: 1, out: expect.stringContaining('STK6013') })
    expect(stopped.out).toContain('stk schema apply plan.json --env development')
    await expect(readFile(join(tiny.root, 'promoted'))).rejects.toThrow('ENOENT')
  }
  expect(await tiny.columns()).toEqual(['id', 'old'])
  expect(await tiny.stk('schema', 'apply', '--yes', '--env', 'development')).toMatchObject({ code: 0 })
  expect(await promote('--yes')).toMatchObject({ code: 0, out: expect.stringContaining('main up to date') })
  expect(await readFile(join(tiny.root, 'promoted'), 'utf8')).toBe('development')
})
