/** OCI image specification, "OCI Image Media Types". */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json'

/**
 * Docker's names for what OCI calls otherwise: image manifest version 2, schema 2. The content is the same, so an image over
 * such a base takes OCI's names for all of it; a manifest that mixes both is refused by registries.
 */
const OCI_NAMES: Readonly<Record<string, string>> = {
  'application/vnd.docker.distribution.manifest.v2+json': OCI_MANIFEST,
  'application/vnd.docker.distribution.manifest.list.v2+json': OCI_INDEX,
  'application/vnd.docker.container.image.v1+json': OCI_CONFIG,
  'application/vnd.docker.image.rootfs.diff.tar': OCI_LAYER,
  'application/vnd.docker.image.rootfs.diff.tar.gzip': OCI_LAYER_GZIP,
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip': 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
}

/** OCI's name for a media type. */
export function ociMediaType(mediaType: string): string {
  return OCI_NAMES[mediaType] ?? mediaType
}
