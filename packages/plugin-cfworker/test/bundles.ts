import { canonicalJson, digestOf, sealManifest, type Manifest } from '@santokit/bridge/manifest'
import type { Bundle } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'

/** What a bundle is to differ in from the testkit's. */
export interface BundleParts {
  /** Codes by logic path. */
  readonly modules?: Readonly<Record<string, string>>
  /** Further files below `bundle/`. */
  readonly chunks?: Readonly<Record<string, string>>
  readonly databases?: Manifest['databases']
  readonly secrets?: Manifest['secrets']
}

/** A bundle with this code and config. */
export async function bundleOf({ modules = { hello: 'export default { handler: () => "hello" }\n' }, chunks = {}, databases = {}, secrets = [] }: BundleParts): Promise<Bundle> {
  const sample = await sampleBundle()
  const files = [
    ...Object.entries(modules).map(([path, code]) => [`logic/${path}.mjs`, code] as const), ...Object.entries(chunks),
  ].map(([path, code]) => ({ path, bytes: new TextEncoder().encode(code), digest: digestOf(code) }))
  const { digest: _, ...content } = sample.manifest
  const { manifest, json } = sealManifest({
    ...content,
    databases, secrets,
    logic: Object.fromEntries(Object.keys(modules).map((path) => [path, {
      kind: 'module', access: 'public', private: false, source: `logic/${path}.ts`, module: `logic/${path}.mjs`, params: { type: 'object', additionalProperties: false },
    }])),
    files: Object.fromEntries(files.map(({ path, bytes, digest }) => [path, { digest, bytes: bytes.length }])),
  })
  const bytes = new TextEncoder().encode(`${json}\n`)
  const all = [...files.map((file) => ({ ...file, path: `bundle/${file.path}` })), { path: 'manifest.json', bytes, digest: digestOf(canonicalJson(manifest)) }]
  return { ...sample, digest: manifest.digest, manifest, files: all.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

export const postgres = (url: Manifest['databases'][string]['url']): Manifest['databases'][string] =>
  ({ driver: 'pg', url, pool: { max: 10, queue: 10 }, statementTimeout: 5000, rls: false, prepare: true })

export const libsql = (url: Manifest['databases'][string]['url']): Manifest['databases'][string] =>
  ({ driver: 'libsql', url, pool: { max: 10, queue: 10 }, statementTimeout: 5000 })
