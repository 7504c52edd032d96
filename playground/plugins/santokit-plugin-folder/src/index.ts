import { definePlugin, type Plugin } from '@santokit/core'
import type { FolderOptions } from './options.ts'
import { folderTarget } from './target.ts'

// What makes a misspelt option of `targets.folder` a compile error in the config of whoever installs this package.
declare module '@santokit/core' {
  interface TargetTypes {
    /** A folder of releases, with a link to the current one. */
    readonly folder: FolderOptions
  }
}

/**
 * Adds the target type `folder`.
 *
 * @example
 * plugins: [folder()],
 * projects: { shop: { targets: { folder: { to: '/srv/shop', keep: 3 } } } },
 */
const folder: () => Plugin = definePlugin(() => ({ name: 'folder', targets: [folderTarget] }))

export default folder
export { folderTarget } from './target.ts'
export type { FolderOptions } from './options.ts'
