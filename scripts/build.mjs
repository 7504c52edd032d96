// Builds every package, in the order they need one another. Uses what `npm ci` installed and nothing else.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PACKAGES } from './packages.mjs'

for (const name of PACKAGES) {
  const folder = fileURLToPath(new URL(`../packages/${name}`, import.meta.url))
  const unbuild = fileURLToPath(new URL('../node_modules/unbuild/dist/cli.mjs', import.meta.url))
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [unbuild], { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  if (status !== 0) {
    console.error(stdout + stderr)
    console.error(`✖ packages/${name} did not build`)
    process.exit(1)
  }
  console.log(`  ✔ @santokit/${name.padEnd(24)} ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
