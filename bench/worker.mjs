// npm run bench:worker: installs what the Worker is measured against, and measures it. See bench/worker/run.mjs.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, ROOT } from '../scripts/prepare.mjs'

prepare()
const folder = join(ROOT, 'bench/worker')
const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
const stamp = join(folder, 'node_modules/.installed-lock.json')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('\n  installing the other Workers …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(stamp, lock)
}
await import('./worker/run.mjs')
