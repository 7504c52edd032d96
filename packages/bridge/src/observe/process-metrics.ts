import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Family } from './exposition.ts'

/** Nanoseconds in a second. */
const NS = 1e9
/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 20

/** The process itself, under the names that Prometheus' own clients give such metrics. */
export class ProcessMetrics {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  #utilization = performance.eventLoopUtilization()

  constructor() {
    this.#delay.enable()
  }

  stop(): void {
    this.#delay.disable()
  }

  /** The event loop's numbers are about the time since they were last asked for. */
  families(): Family[] {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization)
    this.#utilization = now
    // What it measures is the whole time between two looks, on time ones too.
    const late = (ns: number): number => Number.isFinite(ns) ? Math.max(0, ns / NS - RESOLUTION / 1000) : 0
    const [p50, p99, max] = [late(this.#delay.percentile(50)), late(this.#delay.percentile(99)), late(this.#delay.max)]
    this.#delay.reset()
    return [
      gauge('process_resident_memory_bytes', 'Resident memory.', rss),
      { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time, user and system.', samples: [{ value: (user + system) / 1e6 }] },
      gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', Math.round(performance.timeOrigin) / 1000),
      gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', heapUsed),
      gauge('nodejs_heap_size_total_bytes', 'JavaScript heap.', heapTotal),
      gauge('nodejs_external_memory_bytes', 'Memory of buffers and other objects outside the heap.', external),
      gauge('nodejs_eventloop_lag_p50_seconds', 'How late the event loop was since the last scrape, median.', p50),
      gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop was since the last scrape, 99th percentile.', p99),
      gauge('nodejs_eventloop_lag_max_seconds', 'How late the event loop was since the last scrape, at worst.', max),
      gauge('nodejs_eventloop_utilization_ratio', 'Part of the time since the last scrape in which the event loop was busy.', utilization),
    ]
  }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, type: 'gauge', help, samples: [{ value }] }
}
