import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import { beforeEach, expect, test } from 'vitest'
import type { ResolvedProject } from '../config/resolved.ts'
import { startEmbeddedDatabases } from './embedded-databases.ts'
import { withClient } from './postgres/client.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'santokit-embedded-'))
  // As root, the server runs as another user, who must be able to walk into the folder.
  await chmod(dataDir, 0o755)
  return () => rm(dataDir, { recursive: true, force: true })
})

const project = (name: string, databases: Record<string, unknown>): ResolvedProject =>
  ({ name, root: '/', databases }) as unknown as ResolvedProject
const pg = { driver: 'pg', url: { secret: 'DATABASE_URL' } }
const libsql = { driver: 'libsql', url: { secret: 'CACHE_URL' } }

async function isRunning(pid: number): Promise<boolean> {
  // A process that has ended but was not waited for is a zombie, which is not running either.
  return readFile(`/proc/${pid}/stat`, 'utf8').then((text) => !/^\d+ \(.*\) [ZX]/.test(text), () => false)
}

async function serverPid(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(`select split_part(pg_read_file('postmaster.pid'), e'\\n', 1) as pid`)
    return Number(rows[0].pid)
  })
}

test('each alias without a URL gets a database, kept between runs; those with one get none', async () => {
  const projects = [
    project('shop', { main: pg, cache: libsql }), project('links', { main: { ...pg, url: { secret: 'LINKS_URL' } } }), project('news', { main: pg }),
  ]
  const options = { projects, dataDir, env: { LINKS_URL: 'postgres://elsewhere/links' } }

  const first = await startEmbeddedDatabases(options)
  expect(first.settings('links')).toEqual({})
  expect(Object.keys(first.settings('shop'))).toEqual(['DATABASE_URL', 'CACHE_URL'])
  expect(first.databases('shop')).toMatchObject([
    { alias: 'main', driver: 'pg', throwaway: true }, { alias: 'cache', driver: 'libsql', throwaway: true },
  ])
  const shop = first.settings('shop')['DATABASE_URL'] ?? ''
  expect(first.settings('news')['DATABASE_URL']).not.toBe(shop)
  await withClient(shop, (client) => client.query('create table kept (n int)'))
  await withClient(first.settings('news')['DATABASE_URL'] ?? '', (client) => client.query('create table kept (n int)'))
  const cache = createClient({ url: first.settings('shop')['CACHE_URL'] ?? '' })
  await cache.execute('create table kept (n int)')
  cache.close()
  await first.stop()

  const second = await startEmbeddedDatabases(options)
  await withClient(second.settings('shop')['DATABASE_URL'] ?? '', (client) => client.query('insert into kept values (1)'))
  await second.stop()

  const fresh = await startEmbeddedDatabases({ ...options, fresh: true })
  await withClient(fresh.settings('shop')['DATABASE_URL'] ?? '', (client) => client.query('create table kept (n int)'))
  const freshCache = createClient({ url: fresh.settings('shop')['CACHE_URL'] ?? '' })
  await freshCache.execute('create table kept (n int)')
  freshCache.close()
  await fresh.stop()
})

test('a URL written in the config is left alone, and without a need there is no server', async () => {
  const embedded = await startEmbeddedDatabases({
    projects: [project('shop', { main: { driver: 'pg', url: 'postgres://localhost/own' }, cache: libsql })],
    dataDir, env: { CACHE_URL_FILE: '/run/secrets/cache' },
  })
  expect(embedded.settings('shop')).toEqual({})
  expect(embedded.databases('shop')).toEqual([])
  await embedded.stop()
})

test.runIf(process.platform === 'linux')('stopping and aborting leave no process behind', async () => {
  const options = { projects: [project('shop', { main: pg })], dataDir, env: {} }
  const stopped = await startEmbeddedDatabases(options)
  const first = await serverPid(stopped.settings('shop')['DATABASE_URL'] ?? '')
  expect(await isRunning(first)).toBe(true)
  await stopped.stop()
  expect(await isRunning(first)).toBe(false)

  const controller = new AbortController()
  const aborted = await startEmbeddedDatabases({ ...options, signal: controller.signal })
  const second = await serverPid(aborted.settings('shop')['DATABASE_URL'] ?? '')
  controller.abort()
  await aborted.stop()
  expect(await isRunning(second)).toBe(false)
  await expect(startEmbeddedDatabases({ ...options, signal: controller.signal })).rejects.toThrow()
})

test.runIf(process.platform === 'linux')('the server ends with the process that started it, even when that is killed', async () => {
  const module = new URL('./postgres/cluster.ts', import.meta.url).pathname
  const script = `
    import { createJiti } from 'jiti'
    const { startCluster } = await createJiti(process.cwd() + '/x.mjs').import(${JSON.stringify(module)})
    const cluster = await startCluster({ root: process.cwd(), dataDir: ${JSON.stringify(dataDir)}, report() {} })
    console.log(cluster.url('postgres'))
    setInterval(() => {}, 1000)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const pid = await serverPid(line.toString().trim())
  expect(await isRunning(pid)).toBe(true)
  child.kill('SIGKILL')
  while (await isRunning(pid)) await delay(20)

  // And the cluster is fit for the next run.
  const next = await startEmbeddedDatabases({ projects: [project('shop', { main: pg })], dataDir, env: {} })
  await next.stop()
})

test('a second run on the same data is refused while the first one lives', async () => {
  const options = { projects: [project('shop', { main: pg })], dataDir, env: {} }
  const first = await startEmbeddedDatabases(options)
  try {
    await expect(startEmbeddedDatabases(options)).rejects.toThrow(/STK5001 Another process runs/)
  } finally {
    await first.stop()
  }
})

test('data of another Postgres version is made anew', async () => {
  const options = { projects: [project('shop', { main: pg })], dataDir, env: {} }
  await (await startEmbeddedDatabases(options)).stop()
  await writeFile(join(dataDir, 'postgres/data/PG_VERSION'), '12\n')
  const said: string[] = []
  const embedded = await startEmbeddedDatabases({ ...options, report: (message) => said.push(message) })
  try {
    await withClient(embedded.settings('shop')['DATABASE_URL'] ?? '', (client) => client.query('select 1'))
    expect(said).toContainEqual(expect.stringContaining('another version of Postgres'))
  } finally {
    await embedded.stop()
  }
})

test.runIf(process.getuid?.() === 0)('as root, a folder that Postgres\'s user cannot enter is not used for its data', async () => {
  await chmod(dataDir, 0o700)
  const said: string[] = []
  const report = (message: string) => said.push(message)
  const embedded = await startEmbeddedDatabases({ projects: [project('shop', { main: pg })], dataDir, env: {}, report })
  const folder = await withClient(embedded.settings('shop')['DATABASE_URL'] ?? '', async (client) => {
    const { rows } = await client.query('show data_directory')
    return rows[0].data_directory as string
  })
  try {
    expect(await readdir(dataDir)).toEqual([])
    expect(said).toContainEqual(expect.stringContaining(join(folder, '..')))
    expect((await stat(folder)).mode & 0o077).toBe(0)
  } finally {
    await embedded.stop()
    await rm(join(folder, '..'), { recursive: true, force: true })
  }
})
