import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { TargetFlags } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'
import { unpackTar } from 'modern-tar'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hexOf, parseJson } from '../src/oci/content.ts'
import { imageForHere } from '../src/output/docker-archive.ts'
import { engineSocket } from '../src/output/docker-engine.ts'
import { readOutput } from '../src/output/where.ts'
import { digestOf } from '../src/registry/digest.ts'
import { imageTarget } from '../src/target.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
beforeEach(async () => { world = await createWorld() })
afterEach(() => world.cleanup())

const packaged = async (flags: TargetFlags = {}) => {
  const ctx = contextOn(world, { flags })
  const pkg = await imageTarget.package(await sampleBundle(), ctx)
  return { pkg, ctx, said: await imageTarget.export!(pkg, ctx) }
}

interface Described { readonly digest: string; readonly size: number }
interface Content { readonly manifests?: Described[]; readonly config?: Described; readonly layers?: Described[] }

/** Follows every descriptor from `root`, and gives what is missing or not as described. */
async function faults(read: (digest: string) => Promise<Uint8Array | undefined>, root: Described): Promise<readonly string[]> {
  const bytes = await read(root.digest)
  if (bytes === undefined) return [root.digest]
  if (digestOf(bytes) !== root.digest || bytes.length !== root.size) return [`${root.digest} is not as described`]
  if (bytes[0] !== 0x7b) return []
  const { manifests = [], config, layers = [] } = parseJson(bytes) as Content
  const below = [...manifests, ...(config === undefined ? [] : [config]), ...layers].filter(({ digest }) => digest !== undefined)
  return (await Promise.all(below.map((each) => faults(read, each)))).flat()
}

test('without --output nothing is written elsewhere', async () => {
  expect((await packaged()).said).toBeUndefined()
})

test('a layout is whole: the base is in it, every part is as described, and the tag names the image', async () => {
  const { pkg, said } = await packaged({ output: 'oci:out/layout' })
  const folder = join(world.root, 'out/layout')
  expect(said).toContain('oci:out/layout')
  expect(JSON.parse(await readFile(join(folder, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' })
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { manifests: (Described & { annotations?: Record<string, string> })[] }
  expect(index.manifests).toHaveLength(3)
  expect(index.manifests[0]).toMatchObject({ digest: pkg.digest, annotations: { 'org.opencontainers.image.ref.name': pkg.meta.tag } })
  const read = (digest: string) => readFile(join(folder, 'blobs/sha256', hexOf(digest))).catch(() => undefined)
  for (const each of index.manifests) expect(await faults(read, each)).toEqual([])
})

test('a layout that is there already is kept, and mended where it is spoilt', async () => {
  await packaged({ output: 'oci:out' })
  const before = await Promise.all((await readdir(join(world.root, 'out/blobs/sha256'))).map(async (name) => (await stat(join(world.root, 'out/blobs/sha256', name))).mtimeMs))
  await packaged({ output: 'oci:out' })
  const after = await Promise.all((await readdir(join(world.root, 'out/blobs/sha256'))).map(async (name) => (await stat(join(world.root, 'out/blobs/sha256', name))).mtimeMs))
  expect(after).toEqual(before)
})

test('the files of a package are a layout without the layers of the base', async () => {
  const { pkg } = await packaged()
  const files = new Map(pkg.files.map((file) => [file.path, file.bytes]))
  const index = parseJson(files.get('index.json')!) as { manifests: Described[] }
  const missing = (await Promise.all(index.manifests.map((each) => faults((digest) => Promise.resolve(files.get(`blobs/sha256/${hexOf(digest)}`)), each)))).flat()
  const ofBase = pkg.image.manifests.map(({ bytes }) => (parseJson(bytes) as Content).layers![0]!.digest)
  expect([...new Set(missing)].sort()).toEqual(ofBase.sort())
})

/** What docker reads of an archive: `manifest.json`, and from there the config and the layers. */
async function readArchive(archive: Uint8Array) {
  const entries = new Map((await unpackTar(archive)).map(({ header, data }) => [header.name, data ?? new Uint8Array()]))
  const [image] = parseJson(entries.get('manifest.json')!) as { Config: string; RepoTags: string[]; Layers: string[] }[]
  const config = parseJson(entries.get(image!.Config)!) as { architecture: string; rootfs: { diff_ids: string[] } }
  return { image: image!, config, diffIds: image!.Layers.map((path) => digestOf(gunzipSync(entries.get(path)!))), entries }
}

test('an archive for docker has the layers that its config says, in their order, and its name', async () => {
  const { pkg } = await packaged({ output: 'docker-archive:image.tar' })
  const { image, config, diffIds, entries } = await readArchive(await readFile(join(world.root, 'image.tar')))
  expect(image.RepoTags).toEqual([`${world.options.repository}:${pkg.meta.tag}`])
  expect(diffIds).toEqual(config.rootfs.diff_ids)
  expect(config.architecture).toBe(process.arch === 'arm64' ? 'arm64' : 'amd64')
  expect(entries.has('oci-layout')).toBe(true)
  expect((await readdir(world.root)).filter((name) => name.startsWith('image.tar'))).toEqual(['image.tar'])
})

test('an archive is the same each time', async () => {
  await packaged({ output: 'docker-archive:one.tar' })
  await packaged({ output: 'docker-archive:two.tar' })
  expect(digestOf(await readFile(join(world.root, 'one.tar')))).toBe(digestOf(await readFile(join(world.root, 'two.tar'))))
})

test('the image for this computer is chosen, or the one there is', async () => {
  const { pkg } = await packaged()
  expect(imageForHere(pkg.image, 'arm64').platform).toBe('linux/arm64')
  expect(imageForHere(pkg.image, 'x64').platform).toBe('linux/amd64')
})

/** An engine's socket: takes `POST /images/load` and gives the archive back. */
async function withEngine<T>(reply: { readonly status: number; readonly text: string }, work: () => Promise<T>): Promise<{ readonly result: T; readonly received: { path: string; body: Buffer }[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'stk-'))
  const socket = join(folder, 'docker.sock')
  const received: { path: string; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ path: `${request.method} ${request.url}`, body: Buffer.concat(chunks) })
      response.writeHead(reply.status).end(reply.text)
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = `unix://${socket}`
  try {
    return { result: await work(), received }
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  }
}

test('the local engine is given the archive through its socket', async () => {
  const { result, received } = await withEngine({ status: 200, text: '{"stream":"Loaded image"}' }, () => packaged({ output: 'docker' }))
  expect(received.map(({ path }) => path)).toEqual(['POST /images/load?quiet=1'])
  expect((await readArchive(received[0]!.body)).image.RepoTags).toEqual([`${world.options.repository}:${result.pkg.meta.tag}`])
  expect(result.said).toContain('is in the local engine')
})

test.each([
  ['by its status', { status: 500, text: '{"message":"no space left"}' }, 'no space left'],
  ['in its stream', { status: 200, text: '{"errorDetail":{"message":"invalid diffID"},"error":"invalid diffID"}' }, 'invalid diffID'],
])('an engine that refuses %s is not taken for one that loaded it', async (_, reply, why) => {
  const failure = await withEngine(reply, () => packaged({ output: 'docker' })).catch((error: unknown) => error) as { readonly code: string; readonly message: string }
  expect(failure.code).toBe('STK4123')
  expect(failure.message).toContain(why)
})

test('an engine that is not there, or elsewhere, is said to be so', async () => {
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = `unix://${join(world.root, 'none.sock')}`
  try {
    await expect(packaged({ output: 'docker' })).rejects.toMatchObject({ code: 'STK4123' })
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  }
  expect(() => engineSocket({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toThrow(/STK4123/)
  expect(engineSocket({})).toBe('/var/run/docker.sock')
})

test('--output knows three places', () => {
  expect(readOutput(undefined, '/r')).toBeUndefined()
  expect(readOutput('oci:out', '/r')).toEqual({ kind: 'oci', path: '/r/out' })
  expect(readOutput('docker-archive:/tmp/x.tar', '/r')).toEqual({ kind: 'docker-archive', path: '/tmp/x.tar' })
  expect(() => readOutput('tar:x', '/r')).toThrow(/STK1020/)
  expect(() => readOutput('oci:', '/r')).toThrow(/STK1020/)
})
