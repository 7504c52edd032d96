import type { ArtifactFile, SecretValue } from '@santokit/core'
import type { Worker } from '../cloudflare/worker.ts'

/** Uploads Workers. The one there is runs `wrangler`. */
export interface Deployer {
  /** Uploads a Worker and gives it every request, with these secrets and those it has, in one go: all of it or nothing. */
  deploy(upload: Upload): Promise<Uploaded>
  /** Uploads a version that no request reaches, but through the address of its alias. The Worker must exist. */
  upload(upload: Upload & { readonly previewAlias?: string }): Promise<Uploaded>
}

export interface Upload {
  /** The module, and the config. */
  readonly files: readonly ArtifactFile[]
  /** Set with it. Whatever else the Worker has it keeps. */
  readonly secrets: ReadonlyMap<string, SecretValue>
  /** At most 100 bytes. */
  readonly tag: string
  readonly message: string | undefined
}

export interface Uploaded {
  readonly version: string
  /** Where the version answers by its alias, if it does. */
  readonly previewUrl: string | undefined
}

/** Opens what uploads a Worker. @param root the repository's, where its wrangler is. */
export type OpenDeployer = (worker: Worker, root: string) => Deployer
