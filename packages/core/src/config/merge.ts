import { createDefu } from 'defu'
import { isPureSecretRef } from '../secrets/secret-ref.ts'

/** A config, or a part of one, before it is checked. */
export type Tree = Readonly<Record<string, unknown>>

/**
 * Merges layers, the strongest first: objects merge, everything else (lists, references to secrets, functions, class
 * instances) replaces. Changes none of them, and leaves out what is `undefined`.
 */
export function mergeLayers(layers: readonly Tree[]): Tree {
  // From the weakest up: a list between two objects parts them.
  return layers.reduceRight<Tree>((below, layer) => mergeTwo(layer, below), {})
}

/** True for what merging looks into: an object literal that is no reference to a secret. */
export function isMergeable(value: unknown): value is Tree {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // One reference replaces another whole, or `optional` would outlive its secret.
  return (prototype === null || prototype === Object.prototype) && !isPureSecretRef(value)
}

const mergeTwo: (layer: Tree, below: Tree) => Tree = createDefu((object, key, value) => {
  const below: unknown = object[key]
  // Also onto nothing, so that the result shares no object with a layer and holds no `undefined`.
  object[key] = isMergeable(value) ? (mergeTwo(value, isMergeable(below) ? below : {}) as typeof value) : value
  return true
})
