import { definePlugin, type Plugin } from '@santokit/core'
import type { TarballOptions } from './options.ts'
import { tarballTarget } from './target.ts'

declare module '@santokit/core' {
  interface TargetTypes {
    /** Bundles as archives in a folder, an S3-compatible bucket or GitHub Releases. */
    readonly tarball: TarballOptions
  }
}

/**
 * Adds the target type `tarball`.
 *
 * @example
 * plugins: [tarball()],
 * projects: { shop: { targets: { tarball: { to: 'file:./releases' } } } },
 */
const tarball: () => Plugin = definePlugin(() => ({ name: 'tarball', targets: [tarballTarget] }))

export default tarball
export { tarballTarget, type TarballPackage } from './target.ts'
export type { Destination, FolderDestination, GitHubDestination, S3Destination, TarballOptions } from './options.ts'
