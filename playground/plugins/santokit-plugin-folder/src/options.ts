import { z } from 'zod'

/** The options as they are checked. Strict, so that a misspelt one is found and named with its place in the config. */
export const folderOptions = z.strictObject({
  /** The folder, absolute or from the repository root. One target has it to itself; each environment gets a folder in it. */
  to: z.string().min(1),
  /** How many releases keep their files. Older ones stay in the list, and cannot be rolled back to. */
  keep: z.int().min(2, 'must be 2 or more, or there would be nothing to roll back to').default(5),
})

/** What a person writes under `targets.folder`. */
export type FolderOptions = z.input<typeof folderOptions>

/** The same as `ctx.options` has it. */
export type FolderSettings = z.output<typeof folderOptions>
