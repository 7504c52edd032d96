import type { Bundle } from '@santokit/core'

/** A file of a bundle's code, and whose it is. */
export interface BundledModule {
  /** Below `bundle/`. */
  readonly path: string
  readonly code: string
  /** The paths of the logic that it is, or that import it. Sorted. */
  readonly logic: readonly string[]
  /** The source files of that logic, below the project's folder. */
  readonly sources: readonly string[]
}

/** Every module of a bundle with the logic that is to blame for it. */
export function modulesOf({ files, manifest }: Pick<Bundle, 'files' | 'manifest'>): readonly BundledModule[] {
  const codes = new Map(files
    .filter(({ path }) => path.startsWith('bundle/') && path.endsWith('.mjs'))
    .map(({ path, bytes }) => [path.slice('bundle/'.length), new TextDecoder().decode(bytes)]))
  const users = new Map<string, { readonly logic: string; readonly source: string }[]>()
  for (const [logic, entry] of Object.entries(manifest.logic)) {
    if (entry.kind !== 'module') continue
    for (const path of reachable(entry.module, codes)) users.set(path, [...users.get(path) ?? [], { logic, source: entry.source }])
  }
  return [...codes].map(([path, code]) => {
    const found = (users.get(path) ?? []).toSorted((a, b) => (a.logic < b.logic ? -1 : 1))
    return { path, code, logic: found.map(({ logic }) => logic), sources: found.map(({ source }) => source) }
  })
}

/** A module and all that it imports, and they. Imports between files of a bundle are relative and written out. */
function reachable(start: string, codes: ReadonlyMap<string, string>, seen = new Set<string>()): ReadonlySet<string> {
  const code = codes.get(start)
  if (code === undefined || seen.has(start)) return seen
  seen.add(start)
  for (const [, to = ''] of code.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
    reachable(new URL(to, `file:///${start}`).pathname.slice(1), codes, seen)
  }
  return seen
}
