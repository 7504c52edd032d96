import { hexOf, type Document } from '../oci/content.ts'

/** What is said about how an image came to be. */
export interface Origin {
  /** Where the image is kept, without a tag. */
  readonly repository: string
  /** The digest of the index. */
  readonly image: string
  readonly project: string
  readonly bundle: string
  readonly platforms: readonly string[]
  readonly base: { readonly name: string; readonly digest: string }
  readonly revision: string | undefined
  readonly source: string | undefined
  /** The version of Santokit. */
  readonly generator: string
}

export const IN_TOTO = 'application/vnd.in-toto+json'
export const SLSA_PROVENANCE = 'https://slsa.dev/provenance/v1'

/**
 * Where the image comes from: an in-toto statement with SLSA's provenance predicate, version 1.
 *
 * The same image has the same document, so it says nothing of the machine or the time. Unsigned it is a note, not proof.
 */
export function provenance(origin: Origin): Document {
  const { repository, image, project, bundle, platforms, base, revision, source, generator } = origin
  const commit = revision?.replace(/-dirty$/, '')
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: repository, digest: { sha256: hexOf(image) } }],
    predicateType: SLSA_PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: 'https://www.npmjs.com/package/@santokit/plugin-image#build-v1',
        externalParameters: { project, repository, platforms: [...platforms], base: base.name, ...(source === undefined ? {} : { source }) },
        internalParameters: { revision: revision ?? null },
        resolvedDependencies: [
          ...(commit === undefined ? [] : [{ uri: source === undefined ? 'git' : `git+${source}`, digest: { gitCommit: commit } }]),
          { uri: `bundle:${project}`, digest: { sha256: hexOf(bundle) } },
          { uri: base.name.startsWith('oci:') ? base.name : `docker://${base.name}`, digest: { sha256: hexOf(base.digest) } },
        ],
      },
      runDetails: { builder: { id: 'https://www.npmjs.com/package/@santokit/plugin-image', version: { santokit: generator } } },
    },
  }
}
