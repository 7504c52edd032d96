/** A place in the config: keys and list positions, from the top. */
export type ConfigPath = readonly (string | number)[]

/** Writes a path as code would: `projects.shop.permissions["orders/*"]`, `auth.issuers[0].issuer`. */
export function formatPath(path: ConfigPath): string {
  return path.map((part, index) => formatPart(part, index === 0)).join('')
}

/** The value at `path`, or `undefined` where there is none. Reads own properties only. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  const step = (at: unknown, part: string | number): unknown =>
    typeof at === 'object' && at !== null && Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined
  return path.reduce(step, value)
}

function formatPart(part: string | number, first: boolean): string {
  if (typeof part === 'number') return `[${part}]`
  if (/^[A-Za-z_$][\w$-]*$/.test(part)) return first ? part : `.${part}`
  return `[${JSON.stringify(part)}]`
}
