import { readdir, readFile } from 'node:fs/promises'
import { canonicalJson, digestOf, MANIFEST_VERSION, sealManifest, type Digest, type Manifest } from '@santokit/bridge/manifest'
import { join } from 'pathe'
import { archiveOnce, createArchive, freeze, type ArtifactFile, type Bundle } from '../artifact/index.ts'
import type { ResolvedProject } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import { declaredSecrets } from '../secrets/declared.ts'
import { findSecretValue } from '../secrets/find-value.ts'
import { VERSION } from '../version.ts'
import { openBuildCache, type BuildCache } from './build-cache.ts'
import { compileLogic, type CompiledLogic } from './compile-logic.ts'
import type { LifecycleContext } from './context.ts'

/**
 * Turns a project's sources into a bundle: scan, compile, bundle modules, write the manifest, pack.
 *
 * Deterministic: the same sources and config give the same digest on every machine. Writes nothing but its cache.
 */
export async function bundleProject(project: ResolvedProject, ctx: LifecycleContext): Promise<Bundle> {
  const cache = openBuildCache(ctx.config.root, project.name)
  const hookContext = { config: ctx.config, project }
  await ctx.host.callHook('bundle:before', hookContext)
  const logic = await compileLogic(project, ctx.config, cache, ctx.signal, ctx.development)
  for (const [path, entry] of logic.entries) await ctx.host.callHook('bundle:logic', hookContext, { path, entry: freeze(entry) })
  const bundle = await bundleFrom(project, logic, cache)
  refuseSecretValues(bundle, ctx.env)
  await ctx.host.callHook('bundle:done', hookContext, bundle)
  return bundle
}

/** Puts compiled logic and the project's config together as a bundle. */
export async function bundleFrom(project: ResolvedProject, logic: CompiledLogic, cache: BuildCache): Promise<Bundle> {
  const { manifest, json } = sealManifest(await manifestContent(project, Object.fromEntries(logic.entries), logic.files))
  const contents = [manifestFile(json), ...logic.files.map((file) => ({ ...file, path: `bundle/${file.path}` }))]
  return freeze({
    project: project.name,
    digest: manifest.digest,
    manifest,
    files: contents.sort((a, b) => (a.path < b.path ? -1 : 1)),
    archive: archiveOnce(() => archiveOf(manifest.digest, contents, cache)),
    meta: null,
  })
}

async function manifestContent(
  project: ResolvedProject,
  logic: Manifest['logic'],
  files: readonly ArtifactFile[],
): Promise<Omit<Manifest, 'digest'>> {
  return {
    manifestVersion: MANIFEST_VERSION,
    project: project.name,
    generator: `santokit ${VERSION}`,
    databases: project.databases,
    auth: project.auth,
    logic,
    ...(project.cors === undefined ? {} : { cors: project.cors }),
    limits: project.limits,
    schema: await schemaDigests(project),
    secrets: declaredSecrets(project),
    files: Object.fromEntries(files.map((file) => [file.path, { digest: file.digest, bytes: file.bytes.length }])),
    runtime: { node: '>=20.19' },
    ...(project.baseUrl === undefined ? {} : { baseUrl: project.baseUrl }),
  }
}

function manifestFile(json: string): ArtifactFile {
  const bytes = new TextEncoder().encode(`${json}\n`)
  return { path: 'manifest.json', bytes, digest: digestOf(bytes) }
}

/** `schema/<alias>.sql`, `schema/<alias>.hcl`, or the files of a folder `schema/<alias>/`. */
async function schemaDigests(project: ResolvedProject): Promise<Record<string, Digest>> {
  const digests: Record<string, Digest> = {}
  for (const alias of Object.keys(project.databases).sort()) {
    const sources = await schemaSources(join(project.root, 'schema'), alias)
    if (sources.length > 0) digests[alias] = digestOf(canonicalJson(sources))
  }
  return digests
}

async function schemaSources(folder: string, alias: string): Promise<readonly (readonly [name: string, digest: Digest])[]> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => [])
  const wanted = names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /\.(sql|hcl)$/.test(name) && (name === `${alias}.sql` || name === `${alias}.hcl` || name.startsWith(`${alias}/`)))
    .sort()
  // Line ends are the checkout's business, not the schema's.
  const read = async (name: string): Promise<Digest> => digestOf((await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n'))
  return Promise.all(wanted.map(async (name) => [name, await read(name)] as const))
}

interface ArchiveCache {
  readonly manifest: Digest
  readonly archive: Digest
  readonly base64: string
}

/** Compressing is the slowest part of a build in which nothing changed, so the last archive is kept. */
async function archiveOf(digest: Digest, contents: readonly ArtifactFile[], cache: BuildCache): Promise<ArtifactFile> {
  const known = await cache.read<ArchiveCache>('archive')
  if (known?.manifest === digest) {
    const bytes = new Uint8Array(Buffer.from(known.base64, 'base64'))
    if (digestOf(bytes) === known.archive) return { path: 'santokit-bundle.tgz', bytes, digest: known.archive }
  }
  const archive = await createArchive(contents)
  await cache.write('archive', { manifest: digest, archive: archive.digest, base64: Buffer.from(archive.bytes).toString('base64') })
  return archive
}

/**
 * The last guard against a value that slipped into code: nothing that this process's environment holds under a declared
 * secret's name may stand in the bundle.
 *
 * @throws StkError STK2022 naming the secret and the file, never the value.
 */
function refuseSecretValues({ files, manifest }: Bundle, env: LifecycleContext['env']): void {
  const names = manifest.secrets.map(({ name }) => name)
  for (const { path, bytes } of files) {
    const name = findSecretValue(bytes, names, env)
    if (name === undefined) continue
    throw new StkError('STK2022', {
      why: `${path} holds the value of ${name}.`,
      fix: `Take the value out of the code and change it, since it may be in git's history; read it at run time through secret('${name}').`,
    })
  }
}
