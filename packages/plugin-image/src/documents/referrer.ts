import { blobOf, jsonBytes, manifestOf, type Document } from '../oci/content.ts'
import { OCI_EMPTY, OCI_MANIFEST } from '../oci/media-types.ts'
import type { Blob, Descriptor, Referrer } from '../oci/types.ts'

/** `{}`, where the specification wants a blob and there is nothing to say; "Guidance for an Empty Descriptor". */
export const EMPTY: Blob = blobOf(jsonBytes({}), OCI_EMPTY)

/**
 * A document about an image, kept beside it; OCI image specification, "Guidelines for Artifact Usage".
 *
 * @param type what kind of document it is, for tools that look for one.
 */
export function referrerOf(subject: Descriptor, type: string, document: Document, annotations: { readonly [name: string]: string } = {}): Referrer {
  const blob = blobOf(jsonBytes(document), type)
  const { mediaType, digest, size } = subject
  const manifest = manifestOf({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: type,
    config: EMPTY.descriptor,
    layers: [blob.descriptor],
    subject: { mediaType, digest, size },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  })
  return {
    blobs: [EMPTY, blob],
    manifest: { ...manifest, descriptor: { ...manifest.descriptor, artifactType: type, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) } },
    subject: { mediaType, digest, size },
  }
}
