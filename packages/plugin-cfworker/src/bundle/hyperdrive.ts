import type { WorkerSettings } from '../options.ts'

/** The name of the Hyperdrive binding of an alias. */
export function hyperdriveBinding(alias: string): string {
  return `HYPERDRIVE_${alias.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}

/** The secrets that a Worker reads: all that are declared, but the address of a database that is reached through Hyperdrive. */
export function withoutReplaced<Secret extends { readonly usedBy: readonly string[] }>(secrets: readonly Secret[], hyperdrive: WorkerSettings['hyperdrive']): readonly Secret[] {
  const replaced = new Set(Object.keys(hyperdrive).map((alias) => `databases.${alias}.url`))
  return secrets.filter(({ usedBy }) => usedBy.length === 0 || !usedBy.every((path) => replaced.has(path)))
}
