import { expect, onTestFinished, test } from 'vitest'
import { FakeCloudflare } from '../packages/plugin-cfworker/test/cloudflare/cloudflare.ts'
import { canaryWorld, plant, type CanaryRun, type CanaryWorld, type RunOptions } from './canary/world.ts'
import { ADD, LIST } from './checkout.ts'

/** Milliseconds; wrangler takes a second for each upload, and several where much else runs. */
const LONG = 300_000

interface Account extends CanaryWorld {
  readonly cloudflare: FakeCloudflare
  /** The secrets of the Worker `notes`, as it has them. */
  secrets(): Readonly<Record<string, string>>
}

/** A repository whose project is a Worker, with planted secrets, and an account to release it to. */
async function account(): Promise<Account> {
  const planted = plant()
  const cloudflare = await FakeCloudflare.start({ token: planted.PLATFORM_TOKEN })
  onTestFinished(async () => {
    await cloudflare.close()
    expect(cloudflare.violations).toEqual([])
  })
  const world = await canaryWorld(() => `import { defineConfig, secret } from '@santokit/core'
import cfworker from '@santokit/plugin-cfworker'

export default defineConfig({
  plugins: [cfworker()],
  projects: {
    notes: {
      root: 'notes',
      databases: { main: { driver: 'libsql', url: secret('DATABASE_URL'), authToken: secret('DATABASE_TOKEN', { optional: true }) } },
      targets: {
        edge: {
          type: 'cfworker', name: 'notes', account: '${cloudflare.account}', token: secret('PLATFORM_TOKEN'), apiUrl: '${cloudflare.origin}',
          health: '${cloudflare.served('notes')}', healthTimeout: '10s',
        },
      },
    },
  },
  environments: { staging: {} },
})
`, { 'notes/logic/notes/list.sql': LIST, 'notes/logic/notes/add.ts': ADD }, planted)
  return { ...world, cloudflare, secrets: () => cloudflare.workers.get('notes')?.secrets() ?? {} }
}

/** What gives wrangler its token, in its environment alone, where nobody else can look. */
const MAY: RunOptions = { mayHave: /\/sh$|wrangler|node$/ }

function expectClean(run: CanaryRun, code: number): CanaryRun {
  expect(run.code, run.stdout + run.stderr).toBe(code)
  expect(run.found, 'a planted value can be seen').toEqual([])
  return run
}

function result(run: CanaryRun): Record<string, any> {
  return JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, any>
}

test('one command makes a Worker with its secrets; others change, list and restore it; no planted value is seen anywhere', async () => {
  const { stk, repository, planted, cloudflare, secrets } = await account()
  expectClean(await stk(['deploy', 'edge', '--dry-run'], MAY), 0)
  expect(cloudflare.changes()).toEqual([])

  const first = expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 0)
  expect(first.stdout).toMatch(/✔ verify\s+edge\s+digest live/)
  expect(secrets()).toEqual({ DATABASE_URL: planted.DATABASE_URL, DATABASE_TOKEN: planted.DATABASE_TOKEN })
  expect(cloudflare.changes().filter((change) => change.startsWith('PUT '))).toEqual(['PUT /workers/scripts/notes'])
  const uploads = cloudflare.workers.get('notes')?.versions.length
  expect(expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 0).stdout).toMatch(/already live/)
  expect(cloudflare.workers.get('notes')?.versions).toHaveLength(uploads ?? 0)

  await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', 'asc'))
  expectClean(await stk(['deploy', 'edge', '--yes', '--verbose'], MAY), 0)
  expect(secrets()).toEqual({ DATABASE_URL: planted.DATABASE_URL, DATABASE_TOKEN: planted.DATABASE_TOKEN })
  expectClean(await stk(['rollback', '--yes', '--target', 'edge'], MAY), 0)
  expect(cloudflare.workers.get('notes')?.live?.number).toBe(1)

  // The newest version is not live now.
  const refused = expectClean(await stk(['secrets', 'push', '--yes', '--target', 'edge'], MAY), 1)
  expect(refused.stderr).toContain('STK4207')
  expectClean(await stk(['rollback', '--yes', '--target', 'edge', cloudflare.workers.get('notes')?.versions[1]?.id ?? ''], MAY), 0)
  expectClean(await stk(['secrets', 'push', '--yes', '--target', 'edge'], { ...MAY, env: { DATABASE_TOKEN: 'another-token' } }), 0)
  expect(secrets()).toEqual({ DATABASE_URL: planted.DATABASE_URL, DATABASE_TOKEN: 'another-token' })
  expectClean(await stk(['secrets', 'diff', '--target', 'edge'], MAY), 0)

  const other = expectClean(await stk(['rollback', '--yes', '--target', 'edge', '--verbose'], MAY), 1)
  expect(other.stdout + other.stderr).toContain('STK4206')
  expect(secrets().DATABASE_TOKEN).toBe('another-token')
  expectClean(await stk(['rollback', '--yes', '--target', 'edge', '--restore-secrets'], MAY), 0)
  expect(secrets().DATABASE_TOKEN).toBe(planted.DATABASE_TOKEN)
  expect(cloudflare.requests.filter((request) => request.includes('force'))).toHaveLength(1)

  expectClean(await stk(['releases', '--json'], MAY), 0)
  const foreign = expectClean(await stk(['deploy', 'edge', '--yes', '--env', 'staging'], MAY), 2)
  expect(foreign.stdout + foreign.stderr).toMatch(/STK4204[\s\S]*notes → edge \(production\)/)
  const wrong = expectClean(await stk(['deploy', 'edge', '--yes'], { ...MAY, env: { PLATFORM_TOKEN: 'refused-canary' } }), 1)
  expect(wrong.stdout + wrong.stderr).toContain('STK4002')
  expect(wrong.stdout + wrong.stderr).not.toContain('refused-canary')
}, LONG)

test('killed or cut off at any moment, the old version is live or the new one, and the next run finishes', async () => {
  const { stk, start, repository, cloudflare } = await account()
  expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 0)
  const worker = cloudflare.workers.get('notes')
  if (worker === undefined) throw new Error('the first release made no Worker')
  const edit = (text: string): Promise<void> => repository.write('notes/logic/notes/list.sql', LIST.replace('desc', `desc /* ${text} */`))
  const isWhole = (): boolean => worker.deployments[0]?.versions.length === 1 && worker.live !== undefined

  // stk is gone in the moment of the upload; wrangler, which has all it needs, goes on.
  await edit('killed')
  const killed = start(['deploy', 'edge', '--yes'], MAY)
  cloudflare.before = (request) => { if (request.startsWith('POST') && request.endsWith('/versions')) killed.child.kill('SIGKILL') }
  expect((await killed.ended).code).toBe(null)
  await expect.poll(() => cloudflare.requests.at(-1), { timeout: 60_000 }).toBe('POST /workers/scripts/notes/subdomain')
  cloudflare.before = () => {}
  expect([worker.live?.number, isWhole()]).toEqual([2, true])
  expect(expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 0).stdout).toMatch(/already live/)

  // Ctrl-C between the upload and the deployment.
  await edit('interrupted')
  const interrupted = start(['deploy', 'edge', '--yes'], MAY)
  cloudflare.before = async (request) => {
    if (!request.startsWith('POST') || !request.endsWith('/deployments')) return
    interrupted.child.kill('SIGINT')
    await interrupted.ended
  }
  const ended = await interrupted.ended
  expect(ended.code, ended.stdout + ended.stderr).not.toBe(0)
  cloudflare.before = () => {}
  expect(isWhole()).toBe(true)
  expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 0)
  expect(worker.live?.number).toBe(worker.versions.length)

  // Cloudflare deploys and says that it did not.
  await edit('answered wrongly')
  cloudflare.faults = [{ request: 'POST /workers/scripts/notes/deployments', status: 500, afterwards: true, times: 1 }]
  expectClean(await stk(['deploy', 'edge', '--yes'], MAY), 1)
  expect([worker.live?.number, isWhole()]).toEqual([worker.versions.length, true])
  expect(result(expectClean(await stk(['deploy', 'edge', '--yes', '--json'], MAY), 0))).toMatchObject({ ok: true, released: 1 })
  expect(worker.live?.number).toBe(worker.versions.length)
}, LONG)
