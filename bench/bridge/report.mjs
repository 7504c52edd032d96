// The tables.

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** Results by server, with the Bridge's rate as a multiple of each one's: taken round by round. */
export function printScenario({ name }, measured) {
  console.log(`\n  ${name.padEnd(28)}    req/s   Bridge is     p50 ms   p99 ms   CPU µs/req   RSS MB`)
  for (const [server, results] of Object.entries(measured)) {
    const of = (key) => median(results.map((result) => result[key]))
    const ratios = measured.Bridge?.map((result, round) => result.rate / results[round].rate)
    console.log(`  ${server.padEnd(28)} ${of('rate').toFixed(0).padStart(8)}   ${ratios === undefined ? ' '.repeat(9) : `${median(ratios).toFixed(2)} ×`.padStart(9)}`
      + `   ${(of('p50') / 1000).toFixed(2).padStart(8)} ${(of('p99') / 1000).toFixed(2).padStart(8)}   ${of('cpu').toFixed(1).padStart(10)}   ${(of('rss') / 2 ** 20).toFixed(0).padStart(6)}`)
  }
}

/** Milliseconds from the start of a process to its first answer from the database. */
export function printStarts(starts) {
  console.log(`\n  ${'start to first answer'.padEnd(28)}       ms   of bare`)
  for (const [server, times] of Object.entries(starts)) {
    const ratio = starts.bare === undefined ? '' : `${median(times.map((ms, round) => ms / starts.bare[round])).toFixed(2)} ×`
    console.log(`  ${server.padEnd(28)} ${median(times).toFixed(0).padStart(8)}   ${ratio.padStart(7)}`)
  }
}
