import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { writeBase } from '../packages/plugin-image/test/base.ts'
import { startRegistry } from '../packages/plugin-image/test/registry/registry.ts'
import { checkout, CONFIG, LIST, type Checkout, type Ran } from './checkout.ts'

/** Milliseconds; each of these starts `stk` several times. */
const LONG = 240_000

test('plan, approve, release exactly that: with archives in a folder', async () => {
  const repository = await checkout()
  const first = await repository.stk('plan', '--out', 'release.json', '--detailed-exitcode')
  expect(first).toMatchObject({ code: 2, stderr: '' })
  expect(first.stdout).toContain('nothing of ours yet: this is the first release')
  expect(existsSync(join(repository.root, 'releases'))).toBe(false)
  expect(await repository.stk('release', 'release.json')).toMatchObject({ code: 0, stderr: '' })
  const still = await repository.stk('plan', '--detailed-exitcode')
  expect(still).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ {2}notes → tarball {2}production {2}no change · live: 0001-\w+ since .* UTC\n$/) })

  await repository.write('notes/logic/notes/list.sql', LIST.replace('max: 100', 'max: 50'))
  const changed = await repository.stk('plan', '--out', 'release.json', '--json', '--fail-on', 'breaking')
  expect(changed.code).toBe(1)
  expect(changed.events.at(-1)).toMatchObject({ plans: [{ targets: [{ comparison: { kind: 'compared', impacts: [{ rule: 'param-range', subject: 'notes/list' }] } }] }] })
  await repository.remove('notes/logic/notes/add.ts')
  const refused = await repository.stk('release', 'release.json')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('STK4011') })
  expect(refused.stderr).toContain('notes/add is gone')
}, LONG)

/** A checkout whose release stands still, once it has planned, until `go` is there; it says so by making the file `waits`. */
async function pausing(config: string, list: string, { waits, go }: { readonly waits: string; readonly go: string }): Promise<Checkout> {
  return checkout({
    'santokit.config.ts': `import { existsSync, writeFileSync } from 'node:fs'\n${config.replace('plugins: [', `plugins: [{
      name: 'pause',
      hooks: {
        async 'release:before'() {
          writeFileSync(${JSON.stringify(waits)}, '')
          while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20))
        },
      },
    }, `)}`,
    'notes/logic/notes/list.sql': list,
  })
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'santokit-two-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

function oneWins(outcomes: readonly Ran[]): Ran {
  const [won, lost] = [outcomes.filter(({ code }) => code === 0), outcomes.filter(({ code }) => code === 1)]
  expect([won.length, lost.length], outcomes.map(({ stdout, stderr }) => stdout + stderr).join('\n')).toEqual([1, 1])
  expect(lost[0]!.stdout).toMatch(/✖ release +STK4003 +notes → \w+ \(production\) has moved: 0001-\w+ .* live now, and this was planned when nothing was/)
  return won[0]!
}

test('of two processes that release to one folder at once one wins, and the other says so', async () => {
  const shared = await folder()
  const config = CONFIG.replace("'file:releases'", JSON.stringify(`file:${shared}/releases`))
  // Each goes on when the other has planned as well.
  const marks = [join(shared, 'one'), join(shared, 'two')] as const
  const one = await pausing(config, LIST, { waits: marks[0], go: marks[1] })
  const two = await pausing(config, LIST.replace('desc', 'asc'), { waits: marks[1], go: marks[0] })
  const outcomes = await Promise.all([one.stk('release', '--yes'), two.stk('release', '--yes')])
  const won = oneWins(outcomes)
  const { events } = await one.stk('releases', '--json')
  expect(events.filter(({ type }) => type === 'release')).toHaveLength(1)
  expect(won.stdout).toContain(String(events[0]?.id))
}, LONG)

test('of two processes that release an image the one that comes later says so, and moves nothing', async () => {
  const registry = await startRegistry()
  onTestFinished(() => registry.close())
  const shared = await folder()
  const config = CONFIG.replace("import tarball from '@santokit/plugin-tarball'", "import image from '@santokit/plugin-image'").replace('tarball()', 'image()')
    .replace("tarball: { to: 'file:releases' }", `image: { repository: '${registry.host}/acme/notes', base: 'oci:base' }`)
  const early = await checkout({ 'santokit.config.ts': config })
  const late = await pausing(config, LIST.replace('desc', 'asc'), { waits: join(shared, 'planned'), go: join(shared, 'go') })
  for (const { root } of [early, late]) await writeBase(join(root, 'base'))
  const env = { SANTOKIT_CACHE: join(shared, 'cache') }
  const waiting = late.spawnStk(['release', '--yes'], env)
  await vi.waitUntil(() => existsSync(join(shared, 'planned')), { timeout: LONG, interval: 50 })
  const won = await early.spawnStk(['release', '--yes'], env).ended
  const live = registry.store.get('acme/notes')?.tags.get('production')
  await writeFile(join(shared, 'go'), '')
  oneWins([won, await waiting.ended])
  expect(registry.store.get('acme/notes')?.tags.get('production')).toBe(live)
}, LONG)
