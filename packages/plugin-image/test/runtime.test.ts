import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync, gzipSync } from 'node:zlib'
import { canonicalJson, digestOf, manifestDigest, type DatabaseEntry, type Manifest } from '@santokit/bridge/manifest'
import type { ArtifactFile, Bundle } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, expect, test } from 'vitest'
import { startLibsqlServer } from '../../bridge/test/libsql-server.ts'
import { openCache } from '../src/base/cache.ts'
import { appLayer } from '../src/layout/app-layer.ts'
import { COMPRESSOR, packLayerOnce } from '../src/layout/layer.ts'
import { libsqlNeed, packageRoot, runtimeFiles } from '../src/runtime/files.ts'
import { unpackLayers } from './unpack.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-image-'))
  folders.push(folder)
  return folder
}

const LIMITS = { pool: { max: 2, queue: 10 }, statementTimeout: 10_000 }

/** A bundle whose only logic asks its database for a sum. */
async function bundleOver(database: DatabaseEntry): Promise<Bundle> {
  const sample = await sampleBundle()
  const { digest: _, ...rest } = sample.manifest
  const content: Omit<Manifest, 'digest'> = {
    ...rest,
    databases: { main: database },
    logic: {
      sum: {
        kind: 'sql', access: 'public', private: false, source: 'logic/sum.sql', database: 'main', text: 'select 20 + 22 as sum',
        params: { type: 'object', additionalProperties: false }, inputs: [], bindings: [], result: 'value', readOnly: true,
      } as never,
    },
    files: {},
    secrets: typeof database.url === 'string' ? [] : [{ name: database.url.secret, optional: false, usedBy: ['databases.main.url'] }],
  }
  const manifest = { ...content, digest: manifestDigest(content) } as Manifest
  const bytes = Buffer.from(`${canonicalJson(manifest)}\n`)
  const file: ArtifactFile = { path: 'manifest.json', bytes, digest: digestOf(bytes) }
  return { ...sample, manifest, digest: manifest.digest, files: [file] }
}

/** Starts what the layers hold with a Node of this computer, and asks it one thing. Nothing outside of them can be resolved. */
async function run(bundle: Bundle, env: Record<string, string>, sqlite?: boolean): Promise<{ readonly status: number; readonly body: unknown; readonly log: string }> {
  const folder = await temporary()
  const need = libsqlNeed(bundle, sqlite)
  const runtime = await packLayerOnce(await runtimeFiles('linux/amd64', need, folder), 'the Bridge', openCache(join(folder, 'cache')))
  await unpackLayers([runtime.blob, (await appLayer(bundle, openCache(join(folder, 'cache')))).blob], join(folder, 'root'))
  const app = join(folder, 'root/app')
  const child = spawn(process.execPath, [join(app, 'bridge/node.mjs')], {
    cwd: app, env: { PORT: '0', HOST: '127.0.0.1', MANIFEST_PATH: join(app, 'manifest.json'), ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => { log += String(chunk) })
  const exited = once(child, 'close')
  let answered: { readonly status: number; readonly body: unknown }
  try {
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        log += `${line}\n`
        const found = /"url":"(http[^"]+)"/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
      })
      void exited.then(() => reject(new Error(log)))
    })
    const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: 'sum', params: {} }) })
    answered = { status: answer.status, body: await answer.json() }
  } finally {
    child.kill('SIGTERM')
    await exited
  }
  return { ...answered, log }
}

test('the layers serve a project that has no libSQL database', async () => {
  const bundle = await sampleBundle()
  expect(libsqlNeed(bundle, undefined)).toBe('none')
  const files = await (await runtimeFiles('linux/amd64', 'none', '/nowhere')).read()
  expect(files.map(({ path }) => path)).toEqual(['app/bridge/node.mjs', 'app/bridge/THIRD-PARTY.txt'])
})

test('the layers serve a remote libSQL database without native code', async () => {
  const server = await startLibsqlServer()
  try {
    const bundle = await bundleOver({ driver: 'libsql', url: { secret: 'CACHE_URL' }, authToken: { secret: 'CACHE_TOKEN', optional: true }, ...LIMITS })
    expect(libsqlNeed(bundle, undefined)).toBe('remote')
    expect(await run(bundle, { CACHE_URL: server.url, CACHE_TOKEN: 'token-of-the-database' })).toMatchObject({ status: 200, body: { data: 42 } })
    const files = await (await runtimeFiles('linux/arm64', 'remote', '/nowhere')).read()
    expect(files.filter(({ path }) => path.endsWith('.node'))).toEqual([])
  } finally {
    await server.stop()
  }
})

test('the layers serve a SQLite file with the native library of the platform', async () => {
  const file = join(await temporary(), 'shop.db')
  const bundle = await bundleOver({ driver: 'libsql', url: `file:${file}`, ...LIMITS })
  expect(libsqlNeed(bundle, undefined)).toBe('sqlite')
  expect(await run(bundle, {})).toMatchObject({ status: 200, body: { data: 42 } })
})

test('an image without the native library says what to do when it is given a file', async () => {
  const file = join(await temporary(), 'shop.db')
  const bundle = await bundleOver({ driver: 'libsql', url: { secret: 'CACHE_URL' }, ...LIMITS })
  const { status, log } = await run(bundle, { CACHE_URL: `file:${file}` }, false).catch((error: Error) => ({ status: 0, log: error.message }))
  expect(status).not.toBe(200)
  expect(log).toContain('Set sqlite: true')
})

test('a platform whose native library is not installed is refused with the command that installs it', async () => {
  const failure = await runtimeFiles('linux/arm64', 'sqlite', await temporary()).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'STK4122' })
  expect(JSON.stringify((failure as { details: unknown }).details)).toMatch(/npm install --no-save --force @libsql\/linux-arm64-gnu@\d/)
})

test('a native library of another version is not taken', async () => {
  const root = await temporary()
  const folder = join(root, 'node_modules/@libsql/linux-arm64-gnu')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: '@libsql/linux-arm64-gnu', version: '0.0.1', main: 'index.node' }))
  await writeFile(join(folder, 'index.node'), 'library')
  expect(await runtimeFiles('linux/arm64', 'sqlite', root).catch((error: unknown) => error)).toMatchObject({ code: 'STK4122' })
})

test('a remembered layer is packed anew when it was spoilt', async () => {
  const folder = await temporary()
  const cache = openCache(folder)
  let packed = 0
  const files = { key: 'k', read: () => (packed++, Promise.resolve([{ path: 'a', bytes: Buffer.from('a') }])) }
  const first = await packLayerOnce(files, '', cache)
  expect((await packLayerOnce(files, '', cache)).blob.descriptor).toEqual(first.blob.descriptor)
  expect(packed).toBe(1)
  await writeFile(join(folder, 'blobs/sha256', first.blob.descriptor.digest.slice('sha256:'.length)), 'spoilt')
  expect((await packLayerOnce(files, '', cache)).blob.descriptor).toEqual(first.blob.descriptor)
  expect(packed).toBe(2)
})

test('the cache names the compressor, at the version that is installed', async () => {
  const { dependencies } = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8')) as { readonly dependencies?: Record<string, string> }
  expect(COMPRESSOR).toContain(`fflate ${dependencies?.fflate ?? 'missing'} `)
})

test('what another compressor has left in the cache is not taken', async () => {
  const cache = openCache(await temporary())
  const files = { key: 'k', read: () => Promise.resolve([{ path: 'a', bytes: Buffer.from('a'.repeat(1000)) }]) }
  const app = { project: 'shop', files: [{ path: 'a', bytes: Buffer.from('a'.repeat(1000)), digest: digestOf(Buffer.from('a'.repeat(1000))) }] }
  const [runtime, project] = [await packLayerOnce(files, '', openCache(await temporary())), await appLayer(app, openCache(await temporary()))]
  // Under the names that say what is packed and not by what.
  const nameOf = (kind: string, text: string): string => `${kind}/${digestOf(Buffer.from(text)).slice('sha256:'.length)}`
  const other = gzipSync(gunzipSync(await project.blob.open()), { level: 1 })
  await cache.note(nameOf('last', 'the project shop'), other)
  const foreign = gzipSync(gunzipSync(await runtime.blob.open()), { level: 1 })
  await cache.write(digestOf(foreign), foreign)
  await cache.note(nameOf('layers', '1 k'), `${digestOf(foreign)} ${runtime.diffId}`)
  expect((await packLayerOnce(files, '', cache)).blob.descriptor).toEqual(runtime.blob.descriptor)
  expect((await appLayer(app, cache)).blob.descriptor).toEqual(project.blob.descriptor)
})

test('a runtime of the same size and time is told apart by what it holds', async () => {
  const root = await temporary()
  const folder = join(root, 'node_modules/@libsql/linux-arm64-gnu')
  const { libsql: version } = JSON.parse(await readFile(join(packageRoot(), 'dist/runtime/versions.json'), 'utf8')) as { readonly libsql: string }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: '@libsql/linux-arm64-gnu', version, main: 'index.node' }))
  const keyOf = async (content: string): Promise<string> => {
    await writeFile(join(folder, 'index.node'), content)
    await utimes(join(folder, 'index.node'), 0, 0)
    return (await runtimeFiles('linux/arm64', 'sqlite', root)).key
  }
  const first = await keyOf('one')
  expect(await keyOf('two')).not.toBe(first)
  expect(await keyOf('one')).toBe(first)
})
