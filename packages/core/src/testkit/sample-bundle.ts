import { canonicalJson, digestOf, MANIFEST_VERSION, manifestDigest, type Manifest } from '@santokit/bridge/manifest'
import { archiveOnce, createArchive, freeze, type ArtifactFile, type Bundle } from '../artifact/index.ts'

/** Which {@link sampleBundle}. */
export interface SampleBundleOptions {
  /** @default 'shop' */
  readonly project?: string
  /** Bundles of one seed are equal, and of two seeds are not. @default 'a' */
  readonly seed?: string
}

/**
 * A small valid bundle: one module, no database, no secret. A Bridge could serve it.
 *
 * @example
 * const pkg = await target.package(await sampleBundle({ seed: 'b' }), ctx)
 */
export async function sampleBundle({ project = 'shop', seed = 'a' }: SampleBundleOptions = {}): Promise<Bundle> {
  const module = fileOf('bundle/logic/hello.mjs', `export default { handler: () => ${JSON.stringify(seed)} }\n`)
  const content: Omit<Manifest, 'digest'> = {
    manifestVersion: MANIFEST_VERSION,
    project,
    generator: 'santokit testkit',
    databases: {},
    auth: { mode: 'issuers', issuers: [] },
    logic: {
      hello: {
        kind: 'module', access: 'public', private: false, source: 'logic/hello.ts', module: 'logic/hello.mjs',
        params: { type: 'object', additionalProperties: false },
      },
    },
    limits: { bodyBytes: 1_000_000, jsonDepth: 32, timeout: 30_000, concurrency: 1000, callDepth: 16 },
    schema: {},
    secrets: [],
    files: { 'logic/hello.mjs': { digest: module.digest, bytes: module.bytes.length } },
    runtime: { node: '>=20.19' },
  }
  const manifest: Manifest = { ...content, digest: manifestDigest(content) }
  const files = [module, fileOf('manifest.json', `${canonicalJson(manifest)}\n`)]
  return freeze({ project, digest: manifest.digest, manifest, files, archive: archiveOnce(() => createArchive(files)), meta: null })
}

function fileOf(path: string, text: string): ArtifactFile {
  const bytes = new TextEncoder().encode(text)
  return { path, bytes, digest: digestOf(bytes) }
}
