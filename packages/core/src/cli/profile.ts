import type { PluginHost } from '../plugin/host.ts'
import { formatMs } from './terminal/reporters.ts'
import type { Terminal } from './terminal/terminal.ts'

/** Shows how long each plugin took in each of its hooks and methods, slowest first. */
export function printProfile(terminal: Terminal, host: PluginHost): void {
  const rows = [...host.timings()].sort((a, b) => b.ms - a.ms)
  terminal.event({ type: 'profile', timings: rows })
  const width = Math.max(6, ...rows.map((row) => row.plugin.length))
  const lines = rows.map((row) => `  ${row.plugin.padEnd(width)}  ${formatMs(row.ms).padStart(8)}  ${String(row.calls).padStart(5)}×  ${row.hook}`)
  terminal.print(['', `  ${'plugin'.padEnd(width)}  ${'time'.padStart(8)}  calls   hook`, ...lines, ''].join('\n'))
}
