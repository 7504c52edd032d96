import { StkError, type Bundle } from '@santokit/core'
import type { WorkerSettings } from '../options.ts'
import { hyperdriveBinding } from './hyperdrive.ts'

/**
 * The module that a project is released as: it imports the Bridge, the drivers of the project's databases and its logic, and
 * hands them over. `/` stands for the root of the bundle.
 *
 * @throws StkError STK1003 for a Hyperdrive configuration of an alias that is no Postgres.
 */
export function entryModule({ manifest }: Pick<Bundle, 'manifest'>, { hyperdrive }: Pick<WorkerSettings, 'hyperdrive'>): string {
  const postgres = Object.entries(manifest.databases).filter(([, { driver }]) => driver === 'pg').map(([alias]) => alias)
  for (const alias of Object.keys(hyperdrive)) {
    if (postgres.includes(alias)) continue
    throw new StkError('STK1003', {
      why: `hyperdrive.${alias} is for a Postgres database, and project "${manifest.project}" has none of that name.`,
      fix: postgres.length === 0 ? 'Take it away.' : `There is: ${postgres.join(', ')}.`,
      project: manifest.project,
    })
  }
  const drivers = [...new Set(Object.values(manifest.databases).map(({ driver }) => driver))].sort()
  const modules = [...new Set(Object.values(manifest.logic).flatMap((entry) => (entry.kind === 'module' ? [entry.module] : [])))].sort()
  return [
    "import { createWorker } from '@santokit/bridge/worker'",
    ...drivers.map((driver) => `import { ${driver} } from '@santokit/bridge/worker/${driver}'`),
    ...modules.map((path, index) => `import * as m${index} from ${JSON.stringify(`/bundle/${path}`)}`),
    'export default createWorker({',
    `  manifest: JSON.parse(${JSON.stringify(JSON.stringify(manifest))}),`,
    `  modules: { ${modules.map((path, index) => `${JSON.stringify(path)}: m${index}`).join(', ')} },`,
    `  drivers: { ${drivers.join(', ')} },`,
    `  hyperdrive: ${JSON.stringify(Object.fromEntries(Object.keys(hyperdrive).sort().map((alias) => [alias, hyperdriveBinding(alias)])))},`,
    '})',
    '',
  ].join('\n')
}

/** Finds the manifest in the code of a released Worker, where {@link entryModule} wrote it: rollup leaves that as it is. `null` if there is none. */
export function manifestIn(code: string): unknown {
  const text = /manifest: JSON\.parse\(("(?:[^"\\]|\\.)*")\)/.exec(code)?.[1]
  try {
    return text === undefined ? null : JSON.parse(JSON.parse(text) as string)
  } catch {
    return null
  }
}
