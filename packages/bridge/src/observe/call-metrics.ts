import type { Family, Sample } from './exposition.ts'
import { Histogram } from './histogram.ts'

/** What is counted of each call. */
export interface CountedCall {
  /** The logic's path, if there is such a logic. */
  readonly logic?: string | undefined
  readonly status: number
  readonly ms: number
  readonly dbMs: number
  readonly cache?: 'hit' | 'miss' | 'stale' | undefined
}

/** Calls by logic. Only logic that exists is a label, so that no client can make the metrics grow. */
export class CallMetrics {
  readonly #byLogic: ReadonlyMap<string, LogicMeter>
  /** Calls that name no logic. */
  readonly #unknown = new LogicMeter()

  constructor(logic: Iterable<string>) {
    this.#byLogic = new Map([...logic].map((path) => [path, new LogicMeter()]))
  }

  count(call: CountedCall): void {
    const meter = call.logic === undefined ? this.#unknown : this.#byLogic.get(call.logic) ?? this.#unknown
    meter.count(call)
  }

  families(): Family[] {
    const meters = [...this.#byLogic, ['', this.#unknown] as const].filter(([, meter]) => meter.statuses.size > 0)
    const each = (samplesOf: (meter: LogicMeter, logic: string) => readonly Sample[]): Sample[] =>
      meters.flatMap(([logic, meter]) => samplesOf(meter, logic))
    return [
      {
        name: 'santokit_calls_total', type: 'counter', help: 'Calls answered, by logic and HTTP status. Calls of unknown logic have an empty logic.',
        samples: each(({ statuses }, logic) => [...statuses].map(([status, value]) => ({ labels: { logic, status: String(status) }, value }))),
      },
      {
        name: 'santokit_call_duration_seconds', type: 'histogram', help: 'Time from the request to its answer.',
        samples: each(({ durations }, logic) => durations.samples({ logic })),
      },
      {
        name: 'santokit_call_database_seconds_total', type: 'counter', help: 'Time calls spent in databases, waiting for a connection included.',
        samples: each(({ dbMs }, logic) => [{ labels: { logic }, value: dbMs / 1000 }]),
      },
      {
        name: 'santokit_cache_lookups_total', type: 'counter', help: 'Calls of cached logic, by what the cache had.',
        samples: each(({ cache }, logic) => [...cache].map(([outcome, value]) => ({ labels: { logic, outcome }, value }))),
      },
    ]
  }
}

class LogicMeter {
  readonly statuses = new Map<number, number>()
  readonly cache = new Map<string, number>()
  readonly durations = new Histogram()
  dbMs = 0

  count({ status, ms, dbMs, cache }: CountedCall): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.durations.observe(ms)
    this.dbMs += dbMs
    if (cache !== undefined) this.cache.set(cache, (this.cache.get(cache) ?? 0) + 1)
  }
}
