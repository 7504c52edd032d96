import type { Digest, Json } from '@santokit/bridge/manifest'

/** One file of an artifact, held in memory. */
export interface ArtifactFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly digest: Digest
}

/** Anything a phase produces: bytes with a hash that stands for all of them. */
export interface Artifact {
  readonly digest: Digest
  /** Sorted by path. */
  readonly files: readonly ArtifactFile[]
  /** What the producing plugin wants to say about it. Opaque to core. */
  readonly meta: Json
}
