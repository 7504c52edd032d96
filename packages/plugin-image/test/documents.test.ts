import { readFile } from 'node:fs/promises'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cycloneDx, installedPackages, noticesIn } from '../src/documents/sbom.ts'
import { parseJson } from '../src/oci/content.ts'
import { packageImage } from '../src/package.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
beforeEach(async () => { world = await createWorld() })
afterEach(() => world.cleanup())

const base = { name: 'registry.example.com/node:lts', digest: `sha256:${'7f'.repeat(32)}` }

async function documents(seed = 'a') {
  const { image } = await packageImage(await sampleBundle({ seed }), contextOn(world, { settings: { source: 'https://git.example.com/acme/shop' } }))
  return Promise.all(image.referrers.map(async ({ manifest, blobs, subject }) => ({
    manifest: parseJson(manifest.bytes) as { artifactType: string; subject: { digest: string }; config: { mediaType: string }; annotations?: Record<string, string> },
    digest: blobs[1]!.descriptor.digest,
    content: parseJson(await blobs[1]!.open()) as Record<string, unknown>,
    subject,
    root: image.root.descriptor,
  })))
}

test('the SBOM is valid CycloneDX 1.6, for every kind of runtime', async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  for (const need of ['none', 'remote', 'sqlite'] as const) {
    const sbom = JSON.stringify(cycloneDx({ project: 'shop', base, packages: await installedPackages(need) }))
    expect(await validator.validate(sbom)).toBeNull()
  }
})

test('the SBOM names the Bridge, what is built into it, and libSQL only where it is', async () => {
  const names = async (need: 'none' | 'remote') => (await installedPackages(need)).map(({ name }) => name)
  expect(await names('none')).toEqual(expect.arrayContaining(['@santokit/bridge', 'pg', 'jose']))
  expect(await names('none')).not.toContain('@libsql/client')
  expect(await names('remote')).toContain('@libsql/client')
})

test('a notice is read with its scope, version and licence', () => {
  const rule = '-'.repeat(80)
  expect(noticesIn(`@libsql/client 0.18.0 (MIT)\n\nMIT License\n\n${rule}\n\nws 8.18.0 (MIT OR Apache-2.0)\n\ntext h3 2.0.0 (MIT)\n`)).toEqual([
    { name: '@libsql/client', version: '0.18.0', license: 'MIT' },
    { name: 'ws', version: '8.18.0', license: 'MIT OR Apache-2.0' },
  ])
})

test('the SBOM of two releases is one blob, and the manifest says which image it is about', async () => {
  const [one, other] = [await documents('a'), await documents('b')]
  expect(one[0]!.digest).toBe(other[0]!.digest)
  expect(one[0]!.manifest.subject.digest).not.toBe(other[0]!.manifest.subject.digest)
  for (const { manifest, subject, root } of one) {
    expect(manifest.subject).toEqual({ mediaType: root.mediaType, digest: root.digest, size: root.size })
    expect(subject.digest).toBe(root.digest)
    expect(manifest.config.mediaType).toBe('application/vnd.oci.empty.v1+json')
  }
})

test('the provenance is an in-toto statement about the image, with what it was made from', async () => {
  const bundle = await sampleBundle()
  const [, { content, manifest, root }] = await documents() as [unknown, Awaited<ReturnType<typeof documents>>[number]]
  expect(manifest).toMatchObject({ artifactType: 'application/vnd.in-toto+json', annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' } })
  expect(content).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: world.options.repository, digest: { sha256: root.digest.slice(7) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: { project: 'shop', platforms: ['linux/amd64', 'linux/arm64'] },
        resolvedDependencies: [
          { uri: 'git+https://git.example.com/acme/shop', digest: { gitCommit: '0123456789012345678901234567890123456789' } },
          { uri: 'bundle:shop', digest: { sha256: bundle.digest.slice(7) } },
          { uri: 'oci:base' },
        ],
      },
    },
  })
  // Nothing of this machine or this moment.
  expect(JSON.stringify(content)).not.toMatch(new RegExp(`${world.root}|20[2-9]\\d-\\d\\d-\\d\\dT`))
})

test('licences are as SPDX has them', async () => {
  const known = new Set((JSON.parse(await readFile(new URL('../../../node_modules/spdx-license-ids/index.json', import.meta.url), 'utf8')) as string[]))
  for (const { name, license } of await installedPackages('sqlite')) if (/^[A-Za-z0-9.+-]+$/.test(license)) expect(known.has(license), `${name}: ${license}`).toBe(true)
})
