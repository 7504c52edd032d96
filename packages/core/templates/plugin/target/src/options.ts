import { z } from 'zod'

/** The options as they are checked. Strict, so that a misspelt one is found and named with its place in the config. */
export const exampleOptions = z.strictObject({
  /** Where releases are kept: a folder, from the repository root. */
  to: z.string().min(1),
})

/** What a person writes under `targets`. */
export type ExampleOptions = z.input<typeof exampleOptions>

/** The same as `ctx.options` has it: checked, with defaults. */
export type ExampleSettings = z.output<typeof exampleOptions>
