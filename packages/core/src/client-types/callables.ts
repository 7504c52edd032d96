import type { JsonSchema, Manifest } from '@santokit/bridge/manifest'

/** One logic that a client can call. */
export interface Callable {
  /** `orders/list` */
  readonly path: string
  readonly description?: string
  readonly params: JsonSchema
  readonly returns: JsonSchema
  /** The document that `$ref`s in the two schemas point into. */
  readonly document?: JsonSchema
}

/** What clients can call, by a manifest. Private logic is not for them. Sorted by path. */
export function callables(manifest: Pick<Manifest, 'logic'>): readonly Callable[] {
  return Object.entries(manifest.logic)
    .filter(([, entry]) => !entry.private)
    .map(([path, { description, params, returns = {} }]) => ({ path, params, returns, ...(description === undefined ? {} : { description }) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
