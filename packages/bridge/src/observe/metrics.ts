import { version } from '../../package.json'
import type { Runtime } from '../runtime.ts'
import { AuthMetrics } from './auth-metrics.ts'
import { CallMetrics } from './call-metrics.ts'
import type { Family } from './exposition.ts'

/** What is counted from the first call on, whether or not anybody asks: counting costs less than knowing if to. */
export interface Metrics {
  readonly calls: CallMetrics
  readonly auth: AuthMetrics
}

export function createMetrics(logic: Iterable<string>, issuers: Iterable<string>): Metrics {
  return { calls: new CallMetrics(logic), auth: new AuthMetrics(issuers) }
}

/** Everything a Bridge tells of itself but its process. */
export function runtimeFamilies(runtime: Runtime): Family[] {
  const { manifest, metrics, calls, cache } = runtime
  const { bytes, answers, evictions } = cache.stats()
  return [
    gauge('santokit_build_info', 'What runs here. Always 1.', 1, { project: manifest.project, digest: manifest.digest, version }),
    ...metrics.calls.families(),
    gauge('santokit_calls_running', 'Calls that run now.', calls.count),
    gauge('santokit_calls_limit', 'Calls that may run at once; the next one is answered 503.', manifest.limits.concurrency),
    ...databaseFamilies(runtime),
    gauge('santokit_cache_bytes', 'Memory of cached answers.', bytes),
    gauge('santokit_cache_answers', 'Cached answers.', answers),
    { name: 'santokit_cache_evictions_total', type: 'counter', help: 'Answers dropped to make room for others.', samples: [{ value: evictions }] },
    ...metrics.auth.families(),
  ]
}

function databaseFamilies({ databases }: Runtime): Family[] {
  const stats = [...databases].map(([database, driver]) => ({ database, ...driver.stats() }))
  return [
    {
      name: 'santokit_database_connections', type: 'gauge', help: 'Connections of a database alias, by state.',
      samples: stats.flatMap(({ database, open, idle }) => [
        { labels: { database, state: 'busy' }, value: open - idle }, { labels: { database, state: 'idle' }, value: idle },
      ]),
    },
    {
      name: 'santokit_database_connections_limit', type: 'gauge', help: 'Connections a database alias may have.',
      samples: stats.map(({ database, max }) => ({ labels: { database }, value: max })),
    },
    {
      name: 'santokit_database_waiting', type: 'gauge', help: 'Calls that wait for a connection of a database alias.',
      samples: stats.map(({ database, waiting }) => ({ labels: { database }, value: waiting })),
    },
  ]
}

function gauge(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): Family {
  return { name, type: 'gauge', help, samples: [labels === undefined ? { value } : { labels, value }] }
}
