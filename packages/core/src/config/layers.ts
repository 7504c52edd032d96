import type { SourceLocation, StkError } from '../diagnostics/index.ts'
import { isMergeable, type Tree } from './merge.ts'
import { valueAt, type ConfigPath } from './path.ts'
import { invalid } from './refusal.ts'

/** One source of settings. */
export interface Layer {
  /** Who it is, as `stk inspect` says it: `santokit.config.ts`, `extends ./base.ts`, `environment staging`, `plugin image`. */
  readonly owner: string
  readonly value: Tree
  /** Where a path of it is written, if that can be told. */
  locate?(path: ConfigPath): SourceLocation | undefined
}

/**
 * Who set the value at `path`.
 *
 * @param layers the strongest first.
 * @returns `undefined` if nobody did: then it is a default.
 */
export function setterOf(layers: readonly Layer[], path: ConfigPath): Layer | undefined {
  const speaking = layers.find(({ value }) => speaksOf(value, path))
  return speaking !== undefined && valueAt(speaking.value, path) !== undefined ? speaking : undefined
}

/** The layer to blame for what is wrong at `path`: who set it or, if it is missing, who set what it is missing in. */
export function layerToBlame(layers: readonly Layer[], path: ConfigPath): Layer | undefined {
  for (let length = path.length; length > 0; length--) {
    const layer = layers.find(({ value }) => valueAt(value, path.slice(0, length)) !== undefined)
    if (layer !== undefined) return layer
  }
  return layers.at(-1)
}

/**
 * Refuses what would be lost in merging: `null`, which says nothing there, and names that every object has.
 *
 * Lists and whatever else replaces as a whole are not looked into.
 */
export function lostInMerging(layer: Layer, value: unknown = layer.value, path: ConfigPath = []): readonly StkError[] {
  if (value === null) return [invalid(layer, path, 'is null, which says nothing', 'Leave the key out, or give it a value.')]
  if (!isMergeable(value)) return []
  return Object.keys(value).flatMap((key) => {
    const at = [...path, key]
    if (key === '__proto__' || key === 'constructor') return [invalid(layer, at, 'is not a name that can be used')]
    return lostInMerging(layer, value[key], at)
  })
}

/** True if a layer sets the path, or sets something above it that takes the place of weaker layers' objects. */
function speaksOf(value: Tree, path: ConfigPath): boolean {
  return path.some((_, index) => {
    const at = valueAt(value, path.slice(0, index + 1))
    return at !== undefined && (index === path.length - 1 || !isMergeable(at))
  })
}
