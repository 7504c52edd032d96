import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { bundleFiles, makeFolder, makeTar, makeTgz, module, sql, writeBundle } from '../../test/bundle.ts'
import type { BootError } from '../boot-error.ts'
import { createLog } from '../log.ts'
import { canonicalJson, digestOf } from '../manifest/index.ts'
import type { Environment } from '../settings/index.ts'
import { loadBundle, type LoadedBundle } from './index.ts'

const files = bundleFiles({
  logic: { 'a/sql': sql('select 1'), 'a/module': module('a/module.mjs') },
  modules: { 'a/module.mjs': 'export default { handler: () => 42 }' },
})
const tgz = makeTgz(files)

const lines: string[] = []
const loaded: LoadedBundle[] = []
afterEach(async () => {
  lines.length = 0
  await Promise.all(loaded.splice(0).map((bundle) => bundle.dispose()))
})

async function load(env: Environment): Promise<LoadedBundle> {
  const bundle = await loadBundle(env, createLog((line) => lines.push(line), 'warn'))
  loaded.push(bundle)
  return bundle
}

async function refusal(env: Environment): Promise<BootError> {
  return load(env).then(() => { throw new Error('It was loaded.') }, (error: BootError) => error)
}

async function answersOf(bundle: LoadedBundle): Promise<unknown> {
  const { default: definition } = await import(/* @vite-ignore */ bundle.moduleUrl('a/module.mjs')) as { default: { handler(): unknown } }
  return definition.handler()
}

async function temporary(): Promise<string> {
  const folder = await makeFolder()
  onTestFinished(folder.remove)
  return folder.path
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => { await new Promise((resolve) => { server.close(resolve); server.closeAllConnections() }) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an archive is served from every place it may come from', async () => {
  const folder = await temporary()
  await writeFile(join(folder, 'santokit-bundle.tgz'), tgz)
  await writeBundle(join(folder, 'open'), files)
  const url = await serve((_, response) => response.end(tgz))
  for (const env of [
    { BUNDLE_URL: `${url}/b.tgz` },
    { BUNDLE_URL: pathToFileURL(join(folder, 'santokit-bundle.tgz')).href },
    { BUNDLE_PATH: join(folder, 'santokit-bundle.tgz') },
    { BUNDLE_PATH: join(folder, 'open') },
    { MANIFEST_PATH: join(folder, 'open/manifest.json') },
  ]) {
    const bundle = await load(env)
    expect(bundle.manifest.project).toBe('shop')
    expect(await answersOf(bundle)).toBe(42)
  }
})

test('BUNDLE_URL comes before BUNDLE_PATH, and that before MANIFEST_PATH', async () => {
  const folder = await temporary()
  await writeFile(join(folder, 'b.tgz'), tgz)
  const url = await serve((_, response) => response.end(tgz))
  expect((await load({ BUNDLE_URL: `${url}/b.tgz`, BUNDLE_PATH: '/nowhere', MANIFEST_PATH: '/nowhere' })).origin).toBe(`${url}/b.tgz`)
  expect((await load({ BUNDLE_PATH: join(folder, 'b.tgz'), MANIFEST_PATH: '/nowhere' })).origin).toBe(join(folder, 'b.tgz'))
})

test('a bundle without a pin is said so, and one with the right pin is not', async () => {
  const url = await serve((_, response) => response.end(tgz))
  await load({ BUNDLE_URL: `${url}/b.tgz?signature=hidden` })
  expect(lines.join()).toContain('BUNDLE_SHA256 is not set')
  expect(lines.join()).not.toContain('hidden')
  lines.length = 0
  const digest = digestOf(tgz)
  await load({ BUNDLE_URL: `${url}/b.tgz`, BUNDLE_SHA256: digest })
  await load({ BUNDLE_URL: `${url}/b.tgz`, BUNDLE_SHA256: digest.slice('sha256:'.length).toUpperCase() })
  expect(lines).toEqual([])
})

test('a bundle that is not the pinned one is refused', async () => {
  const url = await serve((_, response) => response.end(tgz))
  const error = await refusal({ BUNDLE_URL: `${url}/b.tgz`, BUNDLE_SHA256: digestOf('another') })
  expect(error).toMatchObject({ code: 'bundle_tampered', why: expect.stringContaining(digestOf(tgz)) as string })
  expect(await refusal({ BUNDLE_URL: `${url}/b.tgz`, BUNDLE_SHA256: 'abc' })).toMatchObject({ code: 'bad_setting' })
})

test('what was unpacked is private and gone afterwards', async () => {
  const folder = await temporary()
  await writeFile(join(folder, 'b.tgz'), tgz)
  const bundle = await load({ BUNDLE_PATH: join(folder, 'b.tgz') })
  const unpacked = join(new URL(bundle.moduleUrl('a/module.mjs')).pathname, '../..')
  expect(await readdir(unpacked)).toEqual(['a'])
  await bundle.dispose()
  await expect(readdir(unpacked)).rejects.toThrow('ENOENT')
})

test.each<[what: string, change: (files: Record<string, string>) => Record<string, string>, place: string]>([
  ['changed', (all) => ({ ...all, 'bundle/a/module.mjs': 'export default { handler: () => 43 }' }), 'changed    bundle/a/module.mjs'],
  ['missing', ({ 'manifest.json': manifest = '' }) => ({ 'manifest.json': manifest }), 'missing    bundle/a/module.mjs'],
  ['unexpected', (all) => ({ ...all, 'bundle/extra.mjs': '' }), 'unexpected bundle/extra.mjs'],
])('a %s file is refused, in an archive and in a folder', async (_, change, place) => {
  const folder = await temporary()
  const changed = change(files)
  await writeFile(join(folder, 'b.tgz'), makeTgz(changed))
  await writeBundle(join(folder, 'open'), changed)
  for (const path of ['b.tgz', 'open']) {
    const error = await refusal({ BUNDLE_PATH: join(folder, path) })
    expect(error.code).toBe('bundle_tampered')
    expect(error.why).toContain(place)
  }
})

test('a manifest that was changed, or that is of another version, is refused', async () => {
  const folder = await temporary()
  const manifest = JSON.parse(files['manifest.json'] ?? '') as Record<string, unknown>
  const load = async (content: string): Promise<string> => {
    await writeBundle(folder, { ...files, 'manifest.json': content })
    return (await refusal({ BUNDLE_PATH: folder })).code
  }
  expect(await load(canonicalJson({ ...manifest, project: 'other' }))).toBe('manifest_digest')
  expect(await load(canonicalJson({ ...manifest, manifestVersion: 2 }))).toBe('manifest_version')
  expect(await load('{')).toBe('manifest_invalid')
})

test('a link in a folder is refused', async () => {
  const folder = await temporary()
  await writeBundle(folder, { 'manifest.json': files['manifest.json'] ?? '', 'other.mjs': files['bundle/a/module.mjs'] ?? '' })
  await mkdir(join(folder, 'bundle/a'), { recursive: true })
  await symlink(join(folder, 'other.mjs'), join(folder, 'bundle/a/module.mjs'))
  expect((await refusal({ BUNDLE_PATH: folder })).code).toBe('bundle_tampered')
})

test('an archive that climbs out, bursts, or is none at all is refused', async () => {
  const folder = await temporary()
  const path = join(folder, 'b.tgz')
  const load = async (content: Buffer, env = {}): Promise<string> => {
    await writeFile(path, content)
    return (await refusal({ BUNDLE_PATH: path, ...env })).code
  }
  expect(await load(gzipSync(makeTar([{ path: '../../evil.mjs', content: 'x' }])))).toBe('bundle_archive')
  expect(await load(gzipSync(makeTar([{ path: 'stray.txt', content: 'x' }])))).toBe('bundle_archive')
  expect(await load(gzipSync(makeTar([{ path: 'bundle/a', content: 'x' }])))).toBe('bundle_archive')
  expect(await load(Buffer.from('not gzip'))).toBe('bundle_archive')
  expect(await load(tgz.subarray(0, tgz.length - 20))).toBe('bundle_archive')
  const bomb = gzipSync(Buffer.alloc(5_000_000))
  expect(bomb.length).toBeLessThan(1_000_000)
  expect(await load(bomb, { BUNDLE_MAX_BYTES: '1000000' })).toBe('bundle_too_large')
  expect(await load(tgz, { BUNDLE_MAX_BYTES: '100' })).toBe('bundle_too_large')
})

test('gzip within gzip, many members and a long tail unpack to no more than their bound', async () => {
  const folder = await temporary()
  const path = join(folder, 'b.tgz')
  const load = async (content: Buffer): Promise<string> => {
    await writeFile(path, content)
    return (await refusal({ BUNDLE_PATH: path, BUNDLE_MAX_BYTES: '1000000' })).code
  }
  const zeros = gzipSync(Buffer.alloc(1_500_000))
  // Each member is within the bound; all of them are not.
  expect(await load(Buffer.concat([zeros, zeros, zeros]))).toBe('bundle_too_large')
  expect(await load(gzipSync(gzipSync(Buffer.alloc(50_000_000))))).toBe('bundle_archive')
  expect(await load(gzipSync(Buffer.concat([makeTar([{ path: 'manifest.json', content: files['manifest.json'] ?? '' }]), Buffer.alloc(5_000_000)])))).toBe('bundle_too_large')
})

test('a bundle that is not there is explained', async () => {
  expect(await refusal({ MANIFEST_PATH: '/nowhere/manifest.json' })).toMatchObject({
    code: 'bundle_missing', why: '/nowhere/manifest.json (MANIFEST_PATH) cannot be read: ENOENT.',
  })
  expect(await refusal({ BUNDLE_PATH: '/nowhere' })).toMatchObject({ code: 'bundle_missing' })
  expect(await refusal({ BUNDLE_URL: 'file:///nowhere.tgz' })).toMatchObject({ code: 'bundle_missing' })
  expect(await refusal({ BUNDLE_URL: 'ftp://host/b.tgz' })).toMatchObject({ code: 'bad_setting' })
  expect(await refusal({ BUNDLE_URL: 'nonsense' })).toMatchObject({ code: 'bad_setting' })
})

test('s3 is asked with a signature, under the endpoint that is set', async () => {
  const seen: { url?: string | undefined; authorization?: string | undefined }[] = []
  const url = await serve((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization })
    response.end(tgz)
  })
  const env = { BUNDLE_URL: 's3://releases/shop/b.tgz', S3_ENDPOINT: url, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' }
  expect((await load(env)).manifest.project).toBe('shop')
  expect(seen).toEqual([{ url: '/releases/shop/b.tgz', authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=id\/\d+\/eu-west-1\/s3\//) as string }])
  expect(await refusal({ ...env, AWS_SECRET_ACCESS_KEY: '' })).toMatchObject({ code: 'bad_setting', why: expect.stringContaining('AWS_SECRET_ACCESS_KEY') as string })
})
