/** One thing wrong with the params of a call. */
export interface ParamIssue {
  /** The parameter, and the way into it: `tags.2`. Empty for the params as a whole. */
  readonly path: string
  /** For people: what is wrong, to be read after the path. */
  readonly message: string
  /** Stable, for programs: `required`, `type`, `enum`, `min`, `max`, `pattern`, `unknown`, or `invalid` from a schema. */
  readonly code: string
}

/** A value that was found good, or everything that is wrong with it. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly ParamIssue[] }
