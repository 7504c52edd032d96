// npm run test:peers [-- vitest arguments]: the tests that need programs npm does not have: registries, engines, Atlas.
//
// Installs what it may (Debian packages as root, Go programs where Go is), then runs every `*.peer.test.ts`. What cannot be
// had is named, and its tests are skipped; in CI (`CI=true`) it is an error. `--list` shows what there is and stops.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { PEERS } from './peers/list.mjs'
import { PEERS_BIN, which } from './peers/find.mjs'
import { prepare, ROOT } from './prepare.mjs'

const args = process.argv.slice(2)
const required = process.env.CI === 'true'
prepare()
mkdirSync(PEERS_BIN, { recursive: true })

const missing = []
for (const peer of PEERS) {
  const find = peer.find ?? (() => which(peer.program))
  const why = find() === undefined ? peer.install() : undefined
  const path = find()
  if (path === undefined) missing.push(peer.program)
  console.log(path === undefined ? `  – ${peer.program}  skipped: ${why ?? 'it did not install'}` : `  ✔ ${peer.program}  ${path}`)
}
if (required && missing.length > 0) {
  console.error(`✖ CI needs every peer; missing: ${missing.join(', ')}`)
  process.exit(1)
}
if (args.includes('--list')) process.exit(0)

const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.peers.config.ts', ...args], {
  cwd: ROOT,
  stdio: 'inherit',
  // Debian keeps servers in sbin, which is not on everybody's PATH.
  env: { ...process.env, PATH: [PEERS_BIN, process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) },
})
process.exit(status ?? 1)
