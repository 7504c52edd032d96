/**
 * Freezes plain objects and arrays all the way down. Bytes, functions and class instances are left as they are: they
 * belong to whoever made them.
 */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  Object.freeze(value)
  for (const item of Object.values(value)) freeze(item)
  return value
}
