import type { Access } from '@santokit/bridge/manifest'

/** Access by logic path or glob, as the `permissions` config has it. */
export interface Permissions {
  readonly [pattern: string]: Access
}

/**
 * Who may call `path`: what the most specific matching permission says, or the file's `own` access if none matches.
 *
 * `*` stands for any characters within one segment, `**` for any number of segments. The path itself beats a glob;
 * among globs the longer text before the first `*` wins, then the one with fewer `*`.
 */
export function resolveAccess(path: string, own: Access, permissions: Permissions): Access {
  const [best] = Object.entries(permissions)
    .filter(([pattern]) => matches(pattern, path))
    .sort(([a], [b]) => compareSpecificity(a, b))
  return best === undefined ? own : best[1]
}

/** The patterns that match none of `paths`, sorted. Each is most likely a typing error that leaves a logic unprotected. */
export function unmatchedPermissions(paths: readonly string[], permissions: Permissions): readonly string[] {
  return Object.keys(permissions).filter((pattern) => !paths.some((path) => matches(pattern, path))).sort()
}

function matches(pattern: string, path: string): boolean {
  return pattern === path || (pattern.includes('*') && toRegExp(pattern).test(path))
}

function toRegExp(pattern: string): RegExp {
  const body = pattern.replace(/(^|\/)\*\*\/|\*\*+|\*|[^*/a-zA-Z0-9]/g, (found, before: string | undefined) => {
    if (before !== undefined) return `${before}(?:[^/]+/)*`
    if (found === '*') return '[^/]*'
    return found.startsWith('**') ? '.*' : `\\u{${found.codePointAt(0)?.toString(16)}}`
  })
  return new RegExp(`^${body}$`, 'u')
}

/** Negative if `a` is the more specific one. Total, so that the answer does not depend on the order of the config. */
function compareSpecificity(a: string, b: string): number {
  return literalPrefix(b) - literalPrefix(a) || stars(a) - stars(b) || b.length - a.length || (a < b ? -1 : 1)
}

/** An exact path has no star, which makes it longer than any prefix. */
function literalPrefix(pattern: string): number {
  const star = pattern.indexOf('*')
  return star === -1 ? Number.MAX_SAFE_INTEGER : star
}

function stars(pattern: string): number {
  return pattern.split('*').length - 1
}
