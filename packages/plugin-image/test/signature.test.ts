import { generateKeyPairSync, verify } from 'node:crypto'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { preAuthEncoding } from '../src/documents/signature.ts'
import { parseJson } from '../src/oci/content.ts'
import { imageTarget } from '../src/target.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
beforeEach(async () => { world = await createWorld() })
afterEach(() => world.cleanup())

async function release(sign: unknown, key = '') {
  const ctx = contextOn(world, { settings: { sign }, credentials: { ...world.credentials, SIGNING_KEY: key } })
  const pkg = await imageTarget.package(await sampleBundle(), ctx)
  return { pkg, release: await imageTarget.release(await imageTarget.plan(pkg, ctx), pkg, ctx) }
}

interface Stored { readonly artifactType?: string; readonly subject?: { readonly digest: string }; readonly layers?: { readonly digest: string }[] }

test.each([
  ['ECDSA', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
  ['Ed25519', () => generateKeyPairSync('ed25519'), null],
] as const)('a release is signed with a key for %s: the statement names the image', async (_, generate, algorithm) => {
  const { privateKey, publicKey } = generate()
  const { pkg } = await release({ key: { secret: 'SIGNING_KEY' } }, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const { manifests, blobs } = world.registry.store.get('acme/shop')!
  const found = [...manifests.values()].map(({ bytes }) => parseJson(bytes) as Stored).find(({ artifactType }) => artifactType?.includes('sigstore'))!
  expect(found.subject!.digest).toBe(pkg.digest)
  const bundle = parseJson(blobs.get(found.layers![0]!.digest)!) as { dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] } }
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64')
  expect(parseJson(payload)).toMatchObject({ subject: [{ digest: { sha256: pkg.digest.slice(7) } }] })
  const signature = Buffer.from(bundle.dsseEnvelope.signatures[0]!.sig, 'base64')
  expect(verify(algorithm, preAuthEncoding(bundle.dsseEnvelope.payloadType, payload), publicKey, signature)).toBe(true)
  expect(verify(algorithm, preAuthEncoding(bundle.dsseEnvelope.payloadType, Buffer.from('{}')), publicKey, signature)).toBe(false)
})

test('what is encoded for signing is what DSSE has as its example', () => {
  // github.com/secure-systems-lab/dsse, protocol.md, "Test vectors".
  expect(Buffer.from(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

test.each([
  ['keyless, without sigstore', 'keyless', ''],
  ['with something that is no key', { key: { secret: 'SIGNING_KEY' } }, 'canary-not-a-key'],
  ['with a key of another kind', { key: { secret: 'SIGNING_KEY' } }, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
])('%s nothing is pushed', async (_, sign, key) => {
  const failure = await release(sign, key).catch((error: unknown) => error) as { readonly code: string; readonly message: string }
  expect(failure.code).toBe('STK4125')
  expect(failure.message).not.toContain('canary')
  expect(world.registry.store.get('acme/shop')?.manifests.size ?? 0).toBe(0)
})
