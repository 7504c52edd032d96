import { isDeepStrictEqual } from 'node:util'
import {
  defineTarget, StkError,
  type Artifact, type Bundle, type Digest, type Manifest, type PlannedStep, type Release, type ReleasePlan, type Target, type TargetContext, type Verification,
} from '@santokit/core'
import { tarballOptions, type Destination } from './options.ts'
import { digestOf } from './release/digest.ts'
import { findLive, goLive, hasMoved, nextRecord, walkBack } from './release/go-live.ts'
import { ARCHIVE, MANIFEST, numberOf, releaseId } from './release/layout.ts'
import { filesOf, releaseFrom, type ExpectedFile, type ReleaseRecord } from './release/record.ts'
import { openStore } from './store/open.ts'
import type { ReleaseStore } from './store/store.ts'

/** A bundle's archive and its manifest. The digest is the archive's: what `BUNDLE_SHA256` pins. */
export interface TarballPackage extends Artifact {
  /** The bundle's own digest, by which its files are stored. */
  readonly meta: { readonly bundle: Digest }
}

type Context = TargetContext<Destination>

/** The target type `tarball`: archives in a folder, a bucket or GitHub Releases, for Bridges that download their bundle. */
export const tarballTarget: Target<Destination, TarballPackage> = defineTarget({
  type: 'tarball',
  options: tarballOptions,
  package: packBundle,
  plan: planRelease,
  release,
  verify,
  releases,
  manifest: readManifest,
  rollback,
  promote,
})

async function packBundle(bundle: Bundle): Promise<TarballPackage> {
  const manifest = bundle.files.find((file) => file.path === MANIFEST)
  if (manifest === undefined) throw new TypeError(`The bundle of ${bundle.project} has no ${MANIFEST}`)
  const archive = await bundle.archive()
  return { digest: archive.digest, files: [manifest, { ...archive, path: ARCHIVE }], meta: { bundle: bundle.digest } }
}

async function planRelease(pkg: TarballPackage, ctx: Context): Promise<ReleasePlan> {
  const store = await openStore(ctx)
  const digest = pkg.meta.bundle
  const live = await findLive(store, ctx)
  const missing = new Set((await store.missing(digest, expectedFiles(pkg))).map((file) => file.path))
  const uploads = expectedFiles(pkg).map(({ path, bytes }): PlannedStep =>
    ({ action: missing.has(path) ? 'upload' : 'skip', subject: store.names.file(digest, path), bytes: missing.has(path) ? bytes : 0 }))
  const isLive = names(live?.record, pkg)
  const number = live === undefined ? 1 : numberOf(live.record.id) + 1
  return {
    from: live === undefined ? null : releaseFrom(live.record),
    to: digest,
    steps: [
      ...uploads,
      ...(isLive ? [] : [{ action: 'create', subject: store.names.record(releaseId(number, digest)) } as const]),
      { action: isLive ? 'skip' : live === undefined ? 'create' : 'update', subject: store.names.pointer },
    ],
    bytes: uploads.reduce((sum, step) => sum + (step.bytes ?? 0), 0),
    observed: live?.stored.version ?? '',
  }
}

/** Content first, then the record, then the pointer: at any moment the pointer names a whole release. */
async function release(plan: ReleasePlan, pkg: TarballPackage, ctx: Context): Promise<Release> {
  const store = await openStore(ctx)
  const digest = pkg.meta.bundle
  if (plan.to !== digest) throw new TypeError(`The plan is for ${plan.to}, and the package is ${digest}`)
  const live = await findLive(store, ctx)
  const isLive = names(live?.record, pkg)
  if (!isLive && (live?.stored.version ?? '') !== plan.observed) throw hasMoved(ctx, live?.record, plan.from?.id)
  const missing = new Set((await store.missing(digest, expectedFiles(pkg))).map((file) => file.path))
  const uploads = pkg.files.filter((file) => missing.has(file.path))
  if (uploads.length > 0) await store.upload(digest, uploads, (message) => ctx.progress(message))
  const sent = uploads.reduce((sum, file) => sum + file.bytes.length, 0)
  if (live !== undefined && isLive) return releaseFrom(live.record, sent)
  ctx.signal.throwIfAborted()
  ctx.progress('making it live')
  return goLive(store, ctx, nextRecord(store, ctx, live, { digest, files: expectedFiles(pkg), revision: ctx.revision }), live, sent)
}

async function verify(expected: Release, ctx: Context): Promise<Verification> {
  const store = await openStore(ctx)
  const live = await findLive(store, ctx)
  if (live === undefined) return { healthy: false, summary: 'nothing is live' }
  if (live.record.id !== expected.id) return { healthy: false, summary: `${live.record.id} is live instead` }
  const fault = await findFault(store, live.record)
  return fault === undefined ? { healthy: true, summary: 'digest live' } : { healthy: false, summary: `${fault.file} ${fault.problem}` }
}

async function* releases(ctx: Context): AsyncIterable<Release> {
  for await (const record of walkBack(await openStore(ctx), ctx)) yield releaseFrom(record)
}

/** The file beside the archive: what is downloaded is what is read. `null` where somebody has cleaned up. */
async function readManifest(of: Release, ctx: Context): Promise<Manifest | null> {
  const store = await openStore(ctx)
  const record = await findRecord(store, ctx, of)
  const file = filesOf(record).find(({ path }) => path === MANIFEST)
  const bytes = file === undefined ? undefined : await store.read(record.digest, file)
  if (file === undefined || bytes === undefined) return null
  if (digestOf(bytes) !== file.digest) {
    throw new StkError('STK4005', { why: `${store.names.file(record.digest, MANIFEST)} is not what was released as ${record.id}.`, fix: 'Find out who wrote there, and release again.' })
  }
  // What it says is core's to check.
  return JSON.parse(new TextDecoder().decode(bytes)) as Manifest
}

/** Moves the pointer to a new record of the earlier release, once its content is proved to be there. */
async function rollback(to: Release, ctx: Context): Promise<Release> {
  const store = await openStore(ctx)
  const live = await findLive(store, ctx)
  // Also the second run of a rollback whose first one was cut off after it was done.
  if (live !== undefined && live.record.digest === to.digest) return releaseFrom(live.record, 0)
  const record = await findRecord(store, ctx, to)
  const fault = await findFault(store, record)
  if (fault !== undefined) {
    throw new StkError(fault.problem === 'is gone' ? 'STK4004' : 'STK4005', {
      why: `${record.id} cannot be made live again: its ${fault.file} ${fault.problem}. Nothing was changed.`,
      fix: 'Check out its revision and release that: stk release',
    })
  }
  return goLive(store, ctx, nextRecord(store, ctx, live, {
    digest: record.digest, files: filesOf(record), revision: record.revision, restores: record.id,
  }), live, 0)
}

/** Makes a release of another environment live here; its content is copied if that environment keeps it elsewhere. */
async function promote(from: Release, source: Context, ctx: Context): Promise<Release> {
  const origin = await openStore(source)
  const store = await openStore(ctx)
  const record = await findRecord(origin, source, from)
  const live = await findLive(store, ctx)
  if (live !== undefined && isDeepStrictEqual(live.record.files, record.files)) return releaseFrom(live.record, 0)
  const files = await Promise.all(filesOf(record).map(async (file) => {
    const bytes = await origin.read(record.digest, file)
    if (bytes === undefined || digestOf(bytes) !== file.digest) {
      throw new StkError(bytes === undefined ? 'STK4004' : 'STK4005', {
        why: `${record.id} cannot be promoted: its ${file.path} ${bytes === undefined ? 'is gone' : 'is not what was released'}. Nothing was changed.`,
        fix: 'Check out its revision and release that: stk release',
      })
    }
    return { ...file, bytes }
  }))
  const missing = new Set((await store.missing(record.digest, filesOf(record))).map((file) => file.path))
  const uploads = files.filter((file) => missing.has(file.path))
  if (uploads.length > 0) await store.upload(record.digest, uploads, (message) => ctx.progress(message))
  ctx.signal.throwIfAborted()
  const next = nextRecord(store, ctx, live, { digest: record.digest, files: filesOf(record), revision: record.revision })
  return goLive(store, ctx, next, live, uploads.reduce((sum, file) => sum + file.bytes.length, 0))
}

/** The platform's own record: what was handed in is only a name. */
async function findRecord(store: ReleaseStore, ctx: Context, to: Release): Promise<ReleaseRecord> {
  for await (const record of walkBack(store, ctx)) {
    if (record.id === to.id && record.digest === to.digest) return record
  }
  throw new StkError('STK4009', {
    why: `There is no release "${to.id}" of ${ctx.project.name} in ${ctx.environment}.`,
    fix: 'stk releases lists them.',
  })
}

/** The first stored file that is not what the record says, if any. Reads every byte. */
async function findFault(store: ReleaseStore, record: ReleaseRecord): Promise<{ readonly file: string; readonly problem: string } | undefined> {
  for (const file of filesOf(record)) {
    const bytes = await store.read(record.digest, file)
    if (bytes === undefined) return { file: file.path, problem: 'is gone' }
    if (digestOf(bytes) !== file.digest) return { file: file.path, problem: 'is not what was released' }
  }
  return undefined
}

/** Is this what the record pins, to the byte? */
function names(record: ReleaseRecord | undefined, pkg: TarballPackage): boolean {
  return record?.digest === pkg.meta.bundle && record.files[ARCHIVE]?.digest === pkg.digest
}

function expectedFiles(pkg: TarballPackage): readonly ExpectedFile[] {
  return pkg.files.map(({ path, digest, bytes }) => ({ path, digest, bytes: bytes.length }))
}
