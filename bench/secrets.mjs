// npm run bench:secrets: 200 references in 20 items through a stand-in of the `op` CLI that takes 500 ms to answer.
// Prints the processes that were started and the time that resolving took beside one bare run of the stand-in.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import onepassword from '@santokit/plugin-secrets-1password'
import { prepare } from '../scripts/prepare.mjs'

prepare()
const LATENCY = 500
const folder = mkdtempSync(join(tmpdir(), 'santokit-bench-op-'))
try {
  const script = fileURLToPath(new URL('../packages/plugin-secrets-1password/test/fake-op.mjs', import.meta.url))
  writeFileSync(join(folder, 'op'), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`)
  chmodSync(join(folder, 'op'), 0o755)
  const items = Array.from({ length: 20 }, (_, item) => ({
    id: `item${item}`.padEnd(26, 'x'), title: `item-${item}`, sections: [],
    fields: Array.from({ length: 10 }, (_, field) => ({ id: `f${field}`, label: `field-${field}`, type: 'CONCEALED', value: `value-${item}-${field}` })),
  }))
  writeFileSync(join(folder, 'world.json'), JSON.stringify({ latency: LATENCY, vaults: [{ id: 'v'.padEnd(26, 'x'), name: 'prod', items }] }))
  const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, OP_CONFIG_DIR: folder }
  const refs = items.flatMap(({ title, fields }) => fields.map(({ label }) => `op://prod/${title}/${label}`))
  const [provider] = onepassword().secretProviders

  const times = { resolve: [], bare: [] }
  for (let round = 0; round < 5; round += 1) {
    writeFileSync(join(folder, 'calls'), '')
    let began = performance.now()
    const results = await provider.resolveMany(refs, { root: folder, environment: 'bench', env, interactive: false, signal: new AbortController().signal, progress() {}, warn() {} })
    times.resolve.push(performance.now() - began)
    const read = [...results.values()].filter((result) => 'value' in result).length
    const processes = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n').length
    if (read !== refs.length || processes !== 1) throw new Error(`${read} of ${refs.length} read, with ${processes} processes`)
    began = performance.now()
    spawnSync(join(folder, 'op'), ['whoami', '--format=json'], { env })
    times.bare.push(performance.now() - began)
  }
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
  const [resolve, bare] = [median(times.resolve), median(times.bare)]
  console.log(`200 references in 20 items: 1 process, ${resolve.toFixed(0)} ms (one bare run of the stand-in, with its ${LATENCY} ms: ${bare.toFixed(0)} ms; ${(resolve / bare).toFixed(2)}x)`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
