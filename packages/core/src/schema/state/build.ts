import type { SchemaObject, SchemaObjectKind, SchemaPart, SchemaState } from '../contract.ts'

/** Puts a state together from what the catalogue gives row by row. */
export class StateBuilder {
  readonly #objects = new Map<string, { readonly kind: SchemaObjectKind; readonly name: string; readonly parts: Map<string, SchemaPart> }>()

  /** Adds an object, which later rows may add parts to. */
  object(kind: SchemaObjectKind, name: string, definition?: SchemaPart): void {
    this.#objects.set(`${kind} ${name}`, { kind, name, parts: new Map(definition === undefined ? [] : [['definition', definition]]) })
  }

  /** Adds a part to an object, or nothing if the object is not managed. */
  part(object: string, part: string, value: SchemaPart): void {
    this.#objects.get(object)?.parts.set(part, value)
  }

  has(object: string): boolean {
    return this.#objects.has(object)
  }

  state(): SchemaState {
    const objects: Record<string, SchemaObject> = {}
    for (const [key, { kind, name, parts }] of sorted(this.#objects)) objects[key] = { kind, name, parts: Object.fromEntries(sorted(parts)) }
    return { objects }
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
