/**
 * The words of the OCI image and distribution specifications that the layout and the registry client share.
 *
 * Everything here is a value: nothing reads a disk or a network but `Blob.open`.
 */

/** Names content by its hash; OCI image specification, "Content Descriptors". */
export interface Descriptor {
  readonly mediaType: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: { readonly [name: string]: string }
  readonly artifactType?: string
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string }
}

/**
 * A layer, a config or a document: held in memory, on disk, or fetched from where the base came from only when the
 * destination lacks it.
 */
export interface Blob {
  readonly descriptor: Descriptor
  /** The whole content. Called only when it has to be sent, and again for another attempt. */
  open(): Promise<Uint8Array> | Uint8Array
  /** Where a registry has it already: in the same registry it is mounted from there and not sent. */
  readonly source?: { readonly registry: string; readonly repository: string }
}

/** A manifest or an index, in the bytes that its digest is of. */
export interface Manifest {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
}

/** A document about an image, such as an SBOM: its manifest's `subject` is the image. */
export interface Referrer {
  readonly blobs: readonly Blob[]
  readonly manifest: Manifest
  readonly subject: Descriptor
}

/** Everything that makes one image, in the order of pushing: blobs, child manifests, root, referrers. */
export interface Image {
  readonly blobs: readonly Blob[]
  /** What the root names, where it is an index; else empty. */
  readonly manifests: readonly Manifest[]
  /** What a tag names: a manifest, or an index of several. */
  readonly root: Manifest
  readonly referrers: readonly Referrer[]
}
