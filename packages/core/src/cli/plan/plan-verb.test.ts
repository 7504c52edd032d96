import { unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { makeTinyProject, TINY_CONFIG } from '../schema/tiny-project.ts'
import { LIST, makePlannedProject, type PlannedProject } from './fixture.ts'

let shop: PlannedProject
beforeEach(async () => {
  shop = await makePlannedProject()
  return () => shop.remove()
})

const releaseFirst = async (...more: readonly string[]): Promise<void> => {
  expect(await shop.stk('release', '--yes', ...more)).toMatchObject({ code: 0, err: '' })
}
const platform = async (): Promise<{ releases: { id: string; digest: string; restores?: string }[]; secrets: string[] }> => JSON.parse(await shop.read('platform.json')) as never
const changed = LIST.replace('[open, paid]', '[open]')

test('before the first release there is nothing to compare with, and nothing to break', async () => {
  const ran = await shop.stk('plan', '--detailed-exitcode', '--fail-on', 'breaking')
  expect(ran).toMatchObject({ code: 2, err: '' })
  expect(ran.out).toContain('shop → shelf  production')
  expect(ran.out).toContain('nothing of ours yet: this is the first release')
  expect(ran.out).toMatch(/logic +2 new/)
  expect(ran.out).toContain('1 KB to send')
  await expect(shop.read('platform.json')).rejects.toThrow('ENOENT')
})

test('where nothing changes it is one line, and exit 0', async () => {
  await releaseFirst()
  const ran = await shop.stk('plan', '--detailed-exitcode')
  expect(ran).toEqual({ code: 0, err: '', out: '  shop → shelf  production  no change · live: r1 since 2030-01-02 03:04 UTC\n', result: {} })
})

test('what changed, what breaks, what is missing and what is unmanaged', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await shop.write('projects/shop/logic/orders/add.sql', '---\nparams: { id: int }\nreturns: affected\n---\ninsert into orders (id) values (:id)\n')
  await shop.write('platform.json', JSON.stringify({ ...await platform(), secrets: ['OLD_KEY'] }))
  const ran = await shop.stk('plan')
  expect(ran.out).toContain('+ orders/add')
  expect(ran.out).toContain('~ orders/list  params')
  expect(ran.out).toContain('✖ breaking  orders/list: `params.status` without "paid"  param-enum')
  expect(ran.out).toContain('missing: DATABASE_URL; a release stops there')
  expect(ran.out).toContain('stk secrets push --project shop --target shelf --only DATABASE_URL')
  expect(ran.out).toContain('unmanaged: OLD_KEY')
  const { result } = await shop.stk('plan', '--json')
  expect(result).toMatchObject({ type: 'result', ok: true, changes: true, plans: [{ project: 'shop', targets: [{
    target: 'shelf', live: { id: 'r1' }, bytes: 1234, secrets: { missing: ['DATABASE_URL'], unmanaged: ['OLD_KEY'] },
    comparison: { kind: 'compared', counts: { breaking: 1, risky: 0 }, added: ['orders/add'], changed: [{ path: 'orders/list' }] },
  }] }] })
  const gated = await shop.stk('plan', '--fail-on', 'breaking', '--detailed-exitcode')
  expect(gated).toMatchObject({ code: 1, err: expect.stringContaining('STK4012') })
  expect(gated.err).toContain('param-enum  orders/list')
})

test('a comment for a pull request has a mark that stays, what breaks first, and nothing else beside it', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  const { out, err } = await shop.stk('plan', '--format', 'markdown')
  expect(err).toBe('')
  expect(out).toMatch(/^<!-- santokit plan: production -->\n### Release plan · production\n/)
  expect(out).toContain('> 1 breaking change for clients')
  expect(out).toContain('| 🔴 breaking | orders/list | `params.status` without "paid" | `param-enum` |')
  expect((await shop.stk('plan', '--format', 'json')).out).toContain('"releasePlan": 1')
  expect(await shop.stk('plan', '--format', 'jsn')).toMatchObject({ code: 2, err: expect.stringContaining('json') })
  expect(await shop.stk('plan', '--fail-on', 'safe')).toMatchObject({ code: 2, err: expect.stringContaining('STK1020') })
})

test('a target that gives nothing back: it says so, and a gate does not let it pass', async () => {
  await releaseFirst('--env', 'blind')
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  const ran = await shop.stk('plan', '--env', 'blind')
  expect(ran).toMatchObject({ code: 0 })
  expect(ran.out).toContain('cannot compare: targets of type "blind" do not give back what is live')
  expect(await shop.stk('plan', '--env', 'blind', '--fail-on', 'breaking')).toMatchObject({ code: 1, err: expect.stringContaining('cannot be told') })
})

test('a manifest that somebody tampered with is not compared with', async () => {
  await releaseFirst()
  await shop.write('platform.json', (await shop.read('platform.json')).replace('orders/count', 'orders/other'))
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  expect((await shop.stk('plan')).out).toContain('cannot compare: the manifest of r1 is not one that this version reads')
})

test('a saved plan is released as it is, without a question, and again it changes nothing', async () => {
  expect((await shop.stk('plan', '--out', 'release.json')).out).toContain('stk release release.json')
  const first = await shop.stk('release', 'release.json')
  expect(first).toMatchObject({ code: 0, err: '' })
  const again = await shop.stk('release', 'release.json')
  expect(again.out).toContain('already live')
  expect((await platform()).releases.map(({ id }) => id)).toEqual(['r1'])
  // The same plan in another checkout has the same bytes.
  const text = await shop.read('release.json')
  const other = await makePlannedProject()
  await other.stk('plan', '--out', 'release.json')
  expect(await other.read('release.json')).toBe(text)
  await other.remove()
})

test('a saved plan is refused when something moved, and the message says what', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await shop.stk('plan', '--out', 'release.json')
  const refused = async (what: string, ...args: readonly string[]): Promise<void> => {
    const ran = await shop.stk('release', 'release.json', ...args)
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('STK4011') })
    expect(ran.err).toContain(what)
    expect((await platform()).releases).toHaveLength(1)
  }
  await refused('Add --env production', '--env', 'staging')

  await shop.write('projects/shop/logic/orders/list.sql', LIST.replace('[open, paid]', '[open, paid, lost]'))
  await shop.write('projects/shop/logic/orders/more.sql', '---\nreturns: value\n---\nselect 1\n')
  await refused('orders/list changed; orders/more is new')
  await unlink(`${shop.root}/projects/shop/logic/orders/more.sql`)
  await shop.write('projects/shop/logic/orders/list.sql', changed)

  const config = await shop.read('santokit.config.mjs')
  await shop.write('santokit.config.mjs', config.replace('attic', 'cellar'))
  await refused('The config of shop → shelf has changed')
  await shop.write('santokit.config.mjs', config.replace("shelf: { room: 'attic' }", "cupboard: { type: 'shelf', room: 'attic' }"))
  await refused('shop → shelf is no longer in the config')
  await shop.write('santokit.config.mjs', config)

  const text = await shop.read('release.json')
  await shop.write('release.json', text.replace(/"generator": "santokit [^"]+"/, '"generator": "santokit 0.0.1"'))
  await refused('It was planned by santokit 0.0.1')
  await shop.write('release.json', text.replace(/"package": "sha256:.{8}/, (found) => `${found.slice(0, -8)}00000000`))
  await refused('what is packaged is not')
})

test('a saved plan is refused when somebody released in between, and nothing of it is released', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await shop.stk('plan', '--out', 'release.json')
  await shop.write('projects/shop/logic/orders/list.sql', LIST.replace('max: 100', 'max: 200'))
  expect(await shop.stk('release', '--yes')).toMatchObject({ code: 0 })
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  const ran = await shop.stk('release', 'release.json')
  expect(ran).toMatchObject({ code: 1 })
  expect(ran.err).toContain('r2 is live now, and this was planned when r1 was')
  expect((await platform()).releases).toHaveLength(2)
})

test('what is no plan is said to be none, and nothing else may be said beside one', async () => {
  await shop.stk('plan', '--out', 'release.json')
  const text = await shop.read('release.json')
  for (const [content, what] of [
    ['{', 'is not JSON'], ['{}', 'is no plan of a release'], ['{"schemaPlan":1}', 'stk schema apply'], [text.replace('"releasePlan": 1', '"releasePlan": 2'), 'reads version 1'],
    [text.replace('"steps"', '"stages"'), 'is not as stk writes it'],
  ] as const) {
    await shop.write('other.json', content)
    const ran = await shop.stk('release', 'other.json')
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('STK4010') })
    expect(ran.err).toContain(what)
  }
  expect((await shop.stk('release', 'gone.json')).err).toContain('cannot be read')
  expect((await shop.stk('release', 'release.json', '--target', 'shelf')).err).toContain('--target cannot stand beside it')
  expect((await shop.stk('release', 'release.json', '--label', 'x')).err).toContain('--label cannot stand beside it')
  expect((await shop.stk('release', 'release.json', 'more.json')).err).toContain('one argument too many')
})

test('a plan that could not be written is refused before the work of it', async () => {
  const ran = await shop.stk('plan', '--out', 'missing/release.json')
  expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('STK2020') })
  expect(ran.err).toContain('missing/release.json: its folder does not exist.')
  expect((await shop.stk('plan', '--out', 'projects')).err).toContain('projects: it is a folder.')
})

test('flags of a target are part of the plan', async () => {
  await shop.stk('plan', '--label', 'abc', '--out', 'release.json')
  expect(JSON.parse(await shop.read('release.json'))).toMatchObject({ flags: { label: 'abc' } })
  expect(await shop.stk('release', 'release.json')).toMatchObject({ code: 0 })
})

test('a release that is not healthy is taken back, and it says how things are', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  const { result } = await shop.stk('plan', '--json')
  const { bundle } = (result.plans as { targets: { bundle: string }[] }[])[0]!.targets[0]!
  await shop.write('sick', bundle)
  const ran = await shop.stk('release', '--yes')
  expect(ran).toMatchObject({ code: 1, out: expect.stringContaining('STK4006') })
  expect(ran.out).toContain('r2 was released, and then: 503 from /health. It was rolled back: r1 is live again, as r3.')
  expect((await platform()).releases.map(({ id, restores }) => [id, restores])).toEqual([['r3', 'r1'], ['r2', undefined], ['r1', undefined]])
  expect((await shop.stk('plan')).out).toContain('live      r3')
  // What it said is shown, where it happened, and nothing in it steers the terminal.
  expect(ran.out).toMatch(/log {2}starting\n.*log {2}no \uFFFD\[2Jdatabase/)
})

test('where there is no way back it says so: the first release, a rollback that fails, two that are ill, a target that cannot', async () => {
  await shop.write('sick', 'all')
  expect((await shop.stk('release', '--yes')).out).toContain('It is the first release, so there is none to go back to: it is live.')
  expect((await shop.stk('release', '--yes', '--env', 'blind')).out).toContain('first release')
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  expect((await shop.stk('release', '--yes')).out).toContain('is live again, as r4, and is not healthy either: 503')
  expect((await shop.stk('release', '--yes', '--env', 'blind')).out).toContain('It is live: targets of type "blind" cannot roll back.')
  await shop.write('stuck', '')
  const ran = await shop.stk('release', '--yes')
  expect(ran.out).toContain('the shelf is stuck. It is live as it is.')
})

test('what somebody else has made live meanwhile is not rolled back', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await shop.write('rival', '')
  expect((await shop.stk('release', '--yes')).out).toContain('r3 is live meanwhile, so nothing was rolled back')
  expect((await platform()).releases.map(({ id }) => id)).toEqual(['r3', 'r2', 'r1'])
})

test('a promotion that is not healthy is taken back as well', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await releaseFirst('--env', 'staging')
  await shop.write('sick', (await platform()).releases[0]!.digest)
  const ran = await shop.stk('promote', '--from', 'staging', '--yes')
  expect(ran).toMatchObject({ code: 1, out: expect.stringContaining('It was rolled back: r1 is live again, as r4.') })
})

test('what was live before is what comes back, even where it is the same bundle', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  await releaseFirst('--env', 'staging')
  await releaseFirst()
  await shop.write('sick', (await platform()).releases[0]!.digest)
  const ran = await shop.stk('promote', '--from', 'staging', '--yes')
  expect(ran).toMatchObject({ code: 1, out: expect.stringContaining('r3 is live again, as r5, and is not healthy either') })
})

test('a command that is printed to be copied names the environment it is for', async () => {
  expect((await shop.stk('plan', '--env', 'staging')).out).toContain('--env staging')
  const ran = await shop.stk('release', '--yes', '--env', 'staging')
  expect(ran.out).toMatch(/undo.*stk rollback.*--env staging/)
  expect((await shop.stk('plan', '--env', 'staging')).out).not.toContain('stk release --env')
})

test('a database that has moved on, and one that nobody can look at', async () => {
  const tiny = await makeTinyProject()
  onTestFinished(() => tiny.remove())
  const target = `{ type: 'nowhere', options: { safeParseAsync: async (data) => ({ success: true, data }), safeParse: (data) => ({ success: true, data }) },
    package: async (bundle) => ({ digest: bundle.digest, files: [], meta: null }), plan: async (pkg) => ({ from: null, to: pkg.digest, steps: [], bytes: 0, observed: '' }),
    release: async () => { throw new Error('released') } }`
  const config = TINY_CONFIG.replace('schemaEngines: [engine]', `schemaEngines: [engine], targets: [${target}]`).replace('databases:', 'targets: { nowhere: {} }, databases:')
  await writeFile(join(tiny.root, 'santokit.config.mjs'), config)
  await tiny.byHand('create table users (id integer primary key, old text)')
  expect(await tiny.stk('plan', '--detailed-exitcode')).toMatchObject({ code: 0, out: expect.stringContaining('shop · main  schema up to date') })
  await tiny.wanted('create table users (id integer primary key, email text)')
  expect(await tiny.stk('plan', '--detailed-exitcode')).toMatchObject({ code: 2, out: expect.stringMatching(/shop · main {2}✖ schema differs: 2 statements: 1 additive, 1 data-losing/) })
  expect((await tiny.stk('plan', '--format', 'markdown')).out).toContain('- 🔴 shop · main: schema differs: 2 statements')
  await writeFile(join(tiny.root, 'santokit.config.mjs'), config.replace("url: 'file:shop.db'", "url: { secret: 'DATABASE_URL' }"))
  expect(await tiny.stk('plan', '--detailed-exitcode')).toMatchObject({ code: 0, out: expect.stringContaining('shop · main  ! schema not compared: DATABASE_URL: It is set neither') })
  await writeFile(join(tiny.root, 'santokit.config.mjs'), config.replace('schemaEngines: [engine], ', ''))
  expect((await tiny.stk('plan')).out).toContain('schema not compared: no plugin offers a schema engine for it')
})

test('what was live already and is found ill is left for a person to judge', async () => {
  await releaseFirst()
  await shop.write('projects/shop/logic/orders/list.sql', changed)
  expect(await shop.stk('release', '--yes')).toMatchObject({ code: 0 })
  await shop.write('sick', 'all')
  const ran = await shop.stk('release', '--yes')
  expect(ran.out).toContain('stk rollback --project shop --target shelf')
  expect((await platform()).releases).toHaveLength(2)
})
