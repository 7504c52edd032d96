import { digestOf } from '../../src/registry/digest.ts'

export interface StoredManifest {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** A repository's content: what a registry keeps. */
export interface StoredRepository {
  readonly blobs: Map<string, Uint8Array>
  readonly manifests: Map<string, StoredManifest>
  readonly tags: Map<string, string>
}

export type Store = Map<string, StoredRepository>

export function repositoryIn(store: Store, name: string): StoredRepository {
  const found = store.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() }
  store.set(name, found)
  return found
}

export interface Content {
  readonly mediaType?: string
  readonly artifactType?: string
  readonly annotations?: Record<string, string>
  readonly subject?: { readonly digest: string }
  readonly config?: { readonly digest: string; readonly size: number; readonly mediaType: string }
  readonly layers?: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[]
  readonly manifests?: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[]
}

export function contentOf({ bytes }: StoredManifest): Content {
  return JSON.parse(new TextDecoder().decode(bytes)) as Content
}

/** What `manifest` names that is not there, or not as it says. */
export function missingFrom({ blobs, manifests }: StoredRepository, manifest: StoredManifest): readonly string[] {
  const { config, layers = [], manifests: children = [] } = contentOf(manifest)
  return [
    ...[...(config === undefined ? [] : [config]), ...layers].filter(({ digest, size }) => blobs.get(digest)?.length !== size),
    ...children.filter(({ digest, size }) => manifests.get(digest)?.bytes.length !== size),
  ].map(({ digest }) => digest)
}

/** Why an image is not whole: everything that it names, to the ground, with its bytes hashed. */
export function faultsOf(repository: StoredRepository, reference: string): readonly string[] {
  const digest = repository.tags.get(reference) ?? reference
  const manifest = repository.manifests.get(digest)
  if (manifest === undefined) return [`no manifest ${digest}`]
  const { config, layers = [], manifests = [] } = contentOf(manifest)
  return [
    ...(digestOf(manifest.bytes) === digest ? [] : [`manifest ${digest} is damaged`]),
    ...[...(config === undefined ? [] : [config]), ...layers].flatMap((blob) => {
      const bytes = repository.blobs.get(blob.digest)
      return bytes === undefined ? [`no blob ${blob.digest}`] : digestOf(bytes) === blob.digest ? [] : [`blob ${blob.digest} is damaged`]
    }),
    ...manifests.flatMap((child) => faultsOf(repository, child.digest)),
  ]
}

export function referrersIn({ manifests }: StoredRepository, subject: string): readonly object[] {
  return [...manifests].flatMap(([digest, manifest]) => {
    const content = contentOf(manifest)
    if (content.subject?.digest !== subject) return []
    return [{
      mediaType: manifest.mediaType, digest, size: manifest.bytes.length,
      artifactType: content.artifactType ?? content.config?.mediaType, annotations: content.annotations,
    }]
  })
}
