import type { DatabaseEntry } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../config/resolved.ts'
import { faultOf } from './secret-type.ts'

/**
 * What is wrong with a secret's value, going by its declared type and by the databases that use it as their URL;
 * `undefined` if nothing is. Says nothing that would tell the value.
 */
export function formFault(name: string, value: string, project: Pick<ResolvedProject, 'databases' | 'declarations'>, now: Date): string | undefined {
  const type = project.declarations?.[name]?.type
  return (type === undefined ? undefined : faultOf(type, value, now)) ?? urlFault(name, value, project.databases)
}

/** What a driver's URL begins with. */
const URL_SCHEMES: Readonly<Record<DatabaseEntry['driver'], readonly string[]>> = {
  pg: ['postgres:', 'postgresql:'],
  libsql: ['libsql:', 'https:', 'http:', 'wss:', 'ws:', 'file:'],
}

function urlFault(name: string, value: string, databases: ResolvedProject['databases']): string | undefined {
  for (const [alias, { driver, url }] of Object.entries(databases)) {
    if (typeof url === 'string' || url.secret !== name) continue
    // `new URL` drops them silently; a platform hands them on.
    if (value !== value.trim()) return 'It begins or ends with white space.'
    const shape = URL_SCHEMES[driver].map((scheme) => `${scheme}…`).join(', ')
    if (!URL.canParse(value)) return `It is not a URL, and database "${alias}" (${driver}) needs one: ${shape}. A password in it must be percent-encoded.`
    if (!URL_SCHEMES[driver].includes(new URL(value).protocol)) return `It is not a URL for database "${alias}" (${driver}): ${shape}.`
  }
  return undefined
}
