import { StkError, type ArtifactFile, type Digest } from '@santokit/core'
import { z } from 'zod'
import { digestOf } from '../../release/digest.ts'
import { hexOf } from '../../release/layout.ts'
import type { ExpectedFile } from '../../release/record.ts'
import type { GitHub } from './api.ts'

const asset = z.object({
  id: z.number().int(),
  name: z.string(),
  /** `uploaded`; anything else is an upload that broke off. */
  state: z.string(),
  size: z.number().int(),
  /** What GitHub hashed. Older Enterprise servers do not. */
  digest: z.string().nullish(),
})

const release = z.object({
  id: z.number().int(),
  tag_name: z.string(),
  draft: z.boolean(),
  /** With a template for the name: `…/assets{?name,label}`. */
  upload_url: z.string(),
  assets: z.array(asset),
})

type Asset = z.output<typeof asset>
type GitHubRelease = z.output<typeof release>

const ATTEMPTS = 3

/** The tag of the GitHub release that holds a bundle's files: the same for equal content. */
export function tagOf(project: string, digest: Digest): string {
  return `${project}-${hexOf(digest).slice(0, 12)}`
}

/** Which of the files the published release does not hold as they must be. */
export async function missingAssets<File extends ExpectedFile>(github: GitHub, tag: string, files: readonly File[]): Promise<readonly File[]> {
  const published = await findPublished(github, tag)
  if (published === undefined) return files
  const held = await Promise.all(files.map((file) => holds(github, published.assets, file)))
  return files.filter((_, index) => held[index] === false)
}

/**
 * Stores the files as assets. A new release is a draft until they are all there: nobody sees half of it, and a
 * repository with immutable releases takes no asset later.
 */
export async function uploadAssets(
  github: GitHub,
  tag: string,
  files: readonly ArtifactFile[],
  about: { readonly name: string; readonly body: string },
  progress: (message: string) => void,
): Promise<void> {
  const published = await findPublished(github, tag)
  const holder = published ?? await findDraft(github, tag) ?? await github.json(release, {
    method: 'POST', path: '/releases', body: { tag_name: tag, draft: true, ...about },
  })
  for (const [index, file] of files.entries()) {
    progress(`uploading ${file.path}, ${index + 1} of ${files.length}`)
    await uploadAsset(github, holder, file)
  }
  if (!holder.draft) return
  // `make_latest`: the repository's own newest release stays its "latest".
  const answer = await github.request({
    method: 'PATCH', path: `/releases/${holder.id}`, body: { draft: false, make_latest: 'false' }, expect: [422],
  })
  if (answer.status !== 422) return
  const missing = await missingAssets(github, tag, files.map((file) => ({ ...file, bytes: file.bytes.length })))
  if (missing.length > 0) {
    throw new StkError('STK4008', { why: `${github.place} does not publish the release "${tag}".`, fix: 'Look at its drafts on GitHub.' })
  }
  // Another run has published the same content meanwhile.
  await github.request({ method: 'DELETE', path: `/releases/${holder.id}`, expect: [404] })
}

/** The bytes of a published asset. `undefined` if it is not there. */
export async function readAsset(github: GitHub, tag: string, name: string): Promise<Uint8Array | undefined> {
  const published = await findPublished(github, tag)
  const found = published?.assets.find((candidate) => candidate.name === name && candidate.state === 'uploaded')
  return found === undefined ? undefined : github.download(`/releases/assets/${found.id}`, found.size)
}

function findPublished(github: GitHub, tag: string): Promise<GitHubRelease | undefined> {
  return github.find(release, { path: `/releases/tags/${encodeURIComponent(tag)}` })
}

/** A draft that an interrupted run left. It is among the newest; an older one that is missed is only litter. */
async function findDraft(github: GitHub, tag: string): Promise<GitHubRelease | undefined> {
  const newest = await github.json(z.array(release), { path: '/releases?per_page=100' })
  return newest.find((candidate) => candidate.draft && candidate.tag_name === tag)
}

/** Uploads unless it is there. What broke off, or is something else, is removed first: names are unique in a release. */
async function uploadAsset(github: GitHub, { id, upload_url }: GitHubRelease, file: ArtifactFile): Promise<void> {
  const expected = { ...file, bytes: file.bytes.length }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const assets = await github.json(z.array(asset), { path: `/releases/${id}/assets?per_page=100` })
    if (await holds(github, assets, expected)) return
    const inTheWay = assets.find((candidate) => candidate.name === file.path)
    if (inTheWay !== undefined) await github.request({ method: 'DELETE', path: `/releases/assets/${inTheWay.id}`, expect: [404] })
    const address = `${upload_url.replace(/\{.*$/, '')}?name=${encodeURIComponent(file.path)}`
    // 422: the name is taken, by an upload that broke off or by another run. Look again.
    const answer = await github.request({ method: 'POST', path: address, body: file.bytes, expect: [422] })
    if (answer.status === 201) return
  }
  throw new StkError('STK4008', {
    why: `${github.place} does not take ${file.path}.`,
    fix: `Look at the release's assets on GitHub; an immutable release takes none.`,
  })
}

async function holds(github: GitHub, assets: readonly Asset[], file: ExpectedFile): Promise<boolean> {
  const found = assets.find((candidate) => candidate.name === file.path)
  if (found === undefined || found.state !== 'uploaded' || found.size !== file.bytes) return false
  if (typeof found.digest === 'string') return found.digest === file.digest
  const bytes = await github.download(`/releases/assets/${found.id}`, found.size)
  return bytes !== undefined && digestOf(bytes) === file.digest
}
