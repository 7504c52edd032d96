import type { Manifest } from '@santokit/bridge/manifest'
import type { Artifact, ArtifactFile } from './artifact.ts'

/**
 * A project made ready to serve: what `bundle` produces and every target packages.
 *
 * `files` hold `manifest.json` and everything below `bundle/`, as they stand beside each other where a Bridge runs. The
 * digest is the manifest's own.
 */
export interface Bundle extends Artifact {
  readonly project: string
  readonly manifest: Manifest
  /** `santokit-bundle.tgz`: the same files as one archive, for targets that ship it. Packed when it is first asked for. */
  archive(): Promise<ArtifactFile>
}
