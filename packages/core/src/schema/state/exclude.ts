import type { SchemaSubject } from '../contract.ts'

/**
 * Whether `exclude` of a subject's config leaves an object to others.
 *
 * @param name without a kind: `public.audit_log`, and for libsql `audit_log`.
 */
export function isExcluded(subject: Pick<SchemaSubject, 'exclude'>, name: string): boolean {
  const bare = name.slice(name.indexOf('.') + 1)
  return subject.exclude.some((pattern) => matches(pattern, pattern.includes('.') ? name : bare))
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')
  return new RegExp(`^${source}$`, 's').test(name)
}
