import { definePlugin, type Plugin } from '@santokit/core'
import type { ImageOptions } from './options.ts'
import { imageTarget } from './target.ts'

declare module '@santokit/core' {
  interface TargetTypes {
    /** OCI images in a registry, made without a daemon. */
    readonly image: ImageOptions
  }
}

/**
 * Adds the target type `image`.
 *
 * @example
 * plugins: [image()],
 * projects: { shop: { targets: { image: { repository: 'ghcr.io/acme/shop' } } } },
 */
const image: () => Plugin = definePlugin(() => ({ name: 'image', targets: [imageTarget] }))

export default image
export { imageTarget } from './target.ts'
export type { ImagePackage } from './package.ts'
export type { ImageOptions, Platform } from './options.ts'
