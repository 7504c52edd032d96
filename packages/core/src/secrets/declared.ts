import type { RequiredSecret } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../config/resolved.ts'
import { isSecretRef } from './secret-ref.ts'

/**
 * Every secret that the project's Bridge asks its platform for, sorted by name, with the config paths that ask for it.
 *
 * One that several settings share is optional only if it is to all of them.
 */
export function declaredSecrets(project: Pick<ResolvedProject, 'databases' | 'auth'>): readonly RequiredSecret[] {
  return collect({ databases: project.databases, auth: project.auth })
}

/**
 * The secrets that `stk` itself needs: to reach the project's targets, those that their options name, and to change its
 * databases' schemas. Sorted by name.
 */
export function targetCredentials(project: Pick<ResolvedProject, 'targets' | 'schema'>): readonly RequiredSecret[] {
  return collect({
    targets: Object.fromEntries(project.targets.map((target) => [target.name, target.options])),
    ...(project.schema === undefined ? {} : { schema: project.schema }),
  })
}

function collect(settings: object): readonly RequiredSecret[] {
  const found = new Map<string, { optional: boolean; readonly usedBy: string[] }>()
  for (const { path, name, optional } of walk(settings, '')) {
    const entry = found.get(name) ?? { optional: true, usedBy: [] }
    entry.optional &&= optional
    entry.usedBy.push(path)
    found.set(name, entry)
  }
  return [...found]
    .map(([name, { optional, usedBy }]) => ({ name, optional, usedBy: usedBy.sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function* walk(value: unknown, path: string): Iterable<{ readonly path: string; readonly name: string; readonly optional: boolean }> {
  if (isSecretRef(value)) {
    yield { path, name: value.secret, optional: value.optional === true }
  } else if (Array.isArray(value) || isPlain(value)) {
    for (const [key, inner] of Object.entries(value)) yield* walk(inner, path === '' ? key : `${path}.${key}`)
  }
}

/** Options may hold anything a plugin's schema makes of them; only plain data is looked into. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
