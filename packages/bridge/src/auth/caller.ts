import type { Caller } from '../logic.ts'

/** The caller of public logic who brings no token. */
export const ANONYMOUS: Caller = deepFreeze({ sub: null, roles: [], claims: {} })

/**
 * The caller that verified claims speak of. Frozen throughout, for the calls of one token share it.
 *
 * @param rolesClaim the claim with the roles: its name, or the path to it with dots (`realm_access.roles`).
 */
export function toCaller(claims: Readonly<Record<string, unknown>>, rolesClaim: string): Caller {
  const { sub } = claims
  return deepFreeze({ sub: typeof sub === 'string' ? sub : null, roles: rolesOf(claims, rolesClaim), claims })
}

/** An array of strings, or one string with roles between blanks. Anything else gives no roles. */
function rolesOf(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  // Names such as `https://acme.example/roles` hold dots themselves: the name as a whole comes first.
  const found = ownValue(claims, name) ?? name.split('.').reduce<unknown>(ownValue, claims)
  if (typeof found === 'string') return found.split(/\s+/).filter((role) => role !== '')
  return Array.isArray(found) ? found.filter((role) => typeof role === 'string') : []
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
