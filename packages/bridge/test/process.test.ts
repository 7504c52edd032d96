import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient } from '@libsql/client'
import { build } from 'unbuild'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bundleFiles, makeFolder, makeTgz, module, sql, type TestProject } from './bundle.ts'
import { startPostgres } from './postgres.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
let folder: Awaited<ReturnType<typeof makeFolder>>
/** The built entry, with nothing installed beside it but the libsql client. */
let entry: string
/** The same entry as a package manager links it. */
let bin: string

beforeAll(async () => {
  folder = await makeFolder()
  await build(root, false, { outDir: join(folder.path, 'built'), failOnWarn: false, declaration: false })
  await mkdir(join(folder.path, 'app/node_modules/.bin'), { recursive: true })
  await cp(join(folder.path, 'built/node.mjs'), join(folder.path, 'app/node.mjs'))
  await installAlone('@libsql/client')
  entry = join(folder.path, 'app/node.mjs')
  bin = join(folder.path, 'app/node_modules/.bin/santokit-bridge')
  await symlink('../../node.mjs', bin)
}, 120_000)

afterAll(() => folder.remove())

/** Links one package; Node resolves what it needs itself from where it really is. */
async function installAlone(name: string): Promise<void> {
  await mkdir(join(folder.path, 'app/node_modules/@libsql'), { recursive: true })
  await symlink(fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url)), join(folder.path, 'app/node_modules', name))
}

const project = (url: string): TestProject => ({
  logic: {
    'q/slow': module('slow.mjs', { access: 'public' }),
    'q/count': sql('select count(*) from n', { access: 'public', result: 'value' }),
    'q/stray': module('stray.mjs', { access: 'public' }),
  },
  modules: {
    'slow.mjs': `import { setTimeout as wait } from 'node:timers/promises'
      export default { async handler({ db }) { await wait(20); return db.main.value('select count(*) from n') } }`,
    'stray.mjs': `export default { handler() {
      Promise.reject(new Error('stray rejection')); setImmediate(() => { throw new Error('stray exception') }); return 'ok' } }`,
  },
  manifest: { databases: { main: { driver: 'libsql', url, statementTimeout: 5000, pool: { max: 4, queue: 1000 } } } },
})

interface Spawned {
  readonly child: ChildProcess
  readonly url: string
  readonly lines: Record<string, unknown>[]
  /** The exit code, once all output has been read. */
  readonly exited: Promise<number | null>
  readonly temporary: string
}

async function spawnBridge(script = entry, served: (url: string) => TestProject = project): Promise<Spawned> {
  const own = await makeFolder()
  onTestFinished(own.remove)
  const url = `file:${join(own.path, 'n.db')}`
  const client = createClient({ url })
  await client.executeMultiple('create table n (value integer); insert into n values (1)')
  client.close()
  await writeFile(join(own.path, 'b.tgz'), makeTgz(bundleFiles(served(url))))
  const temporary = join(own.path, 'tmp')
  await mkdir(temporary)
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, TMPDIR: temporary, HOST: '127.0.0.1', PORT: '0', BUNDLE_PATH: join(own.path, 'b.tgz') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => { child.kill('SIGKILL') })
  const lines: Record<string, unknown>[] = []
  const exited = once(child, 'close').then(([code]) => code as number | null)
  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const parsed = JSON.parse(line) as Record<string, unknown>
      lines.push(parsed)
      if (parsed.message === 'listening') resolve(parsed.url as string)
    })
    void exited.then((code) => reject(new Error(`It ended with ${code}.`)))
  })
  return { child, url: await listening, lines, exited, temporary }
}

interface Outcome {
  readonly status?: number | undefined
  /** The connection was refused: nobody accepted the request. */
  readonly refused: boolean
}

function post(url: string, path: string, agent: Agent): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/call`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().once('end', () => resolve({ status: response.statusCode, refused: false })).once('error', reject)
    })
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve({ refused: true })
      else reject(error)
    })
    outgoing.end(JSON.stringify({ path }))
  })
}

test('SIGTERM under load loses no request: each one is answered 200, or was never accepted', async () => {
  const { child, url, exited, temporary, lines } = await spawnBridge()
  const agent = new Agent({ keepAlive: true, maxSockets: 30 })
  onTestFinished(() => agent.destroy())
  const outcomes: Outcome[] = []
  const load = Promise.all(Array.from({ length: 30 }, async () => {
    for (;;) {
      const outcome = await post(url, 'q/slow', agent)
      outcomes.push(outcome)
      if (outcomes.length === 200) child.kill('SIGTERM')
      if (outcome.refused) return
    }
  }))
  await load
  expect(await exited).toBe(0)
  const answered = outcomes.filter(({ refused }) => !refused)
  expect(answered.length).toBeGreaterThan(200)
  expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]))
  expect(lines.filter((line) => line.message === 'call')).toHaveLength(answered.length)
  expect(lines.at(-1)).toMatchObject({ message: 'stopped' })
  expect(await readdir(temporary)).toEqual([])
})

test('SIGINT stops it too, and an idle connection does not hold it', async () => {
  const { child, url, exited } = await spawnBridge()
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  expect(await post(url, 'q/count', agent)).toMatchObject({ status: 200 })
  child.kill('SIGINT')
  expect(await exited).toBe(0)
})

test('it starts through the link in node_modules/.bin', async () => {
  const { child, url, exited, lines } = await spawnBridge(bin)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect(lines[0]).toMatchObject({ level: 'info', message: 'listening', url, project: 'shop' })
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('the built file speaks Postgres, too', async () => {
  const postgres = await startPostgres()
  onTestFinished(postgres.stop)
  const { child, url, exited } = await spawnBridge(entry, () => ({
    logic: { 'q/one': sql('select $1::int + 1 as n, now() as at', { access: 'public', result: 'row', params: { by: { type: 'int' } } }) },
    manifest: { databases: { main: {
      driver: 'pg', url: postgres.url, pool: { max: 2, queue: 10 }, statementTimeout: 5000, rls: false, prepare: true,
    } } },
  }))
  const response = await fetch(`${url}/call`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"path":"q/one","params":{"by":41}}',
  })
  expect(await response.json()).toEqual({ data: { n: 42, at: expect.any(String) as string } })
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('a stray failure in logic is logged, and the next call is answered', async () => {
  const { child, url, exited, lines } = await spawnBridge()
  const agent = new Agent()
  expect(await post(url, 'q/stray', agent)).toMatchObject({ status: 200 })
  await expect.poll(() => lines.map((line) => line.message)).toEqual(expect.arrayContaining([
    'unhandled rejection in logic', 'uncaught exception in logic',
  ]))
  expect(await post(url, 'q/count', agent)).toMatchObject({ status: 200 })
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('what keeps it from starting is said on stderr, and the exit code is 1', async () => {
  const child = spawn(process.execPath, [entry], { env: { MANIFEST_PATH: '/nowhere/manifest.json' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toBe([
    'santokit-bridge cannot start: bundle_missing',
    '',
    '  why  /nowhere/manifest.json (MANIFEST_PATH) cannot be read: ENOENT.',
    '  fix  Set BUNDLE_URL, BUNDLE_PATH or MANIFEST_PATH to where the bundle is.',
    '',
  ].join('\n'))
})

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}
