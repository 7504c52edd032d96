// Brings a checkout to where it runs: dependencies installed, packages built. Does nothing that is done already.
// Plain Node: this runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Installs if the lock file changed since the last time, and builds if a source did. */
export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`✖ Santokit needs Node 20.19 or newer; this is ${process.versions.node}.`)
    process.exit(2)
  }
  step('installing dependencies', 'install', () => [['package-lock.json', readFileSync(join(ROOT, 'package-lock.json'))]], existsSync(join(ROOT, 'node_modules')), () => {
    run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  })
  const built = readdirSync(join(ROOT, 'packages')).every((name) => existsSync(join(ROOT, 'packages', name, 'dist')))
  step('building packages', 'build', () => sources(join(ROOT, 'packages')), built, () => run(process.execPath, [join(ROOT, 'scripts/build.mjs')]))
}

/** Runs `work` unless its inputs hash to what they did when it last succeeded and its result is still there. */
function step(title, name, inputs, present, work) {
  const stamp = join(ROOT, 'node_modules/.cache/santokit', `${name}.sha256`)
  const hash = createHash('sha256').update(process.versions.modules)
  for (const [path, bytes] of inputs()) hash.update(path).update('\0').update(bytes)
  const wanted = hash.digest('hex')
  if (present && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log(`\n  ${title} …`)
  work()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile() && !/[/\\](dist|node_modules)([/\\]|$)/.test(item.parentPath) && !/\.test\.ts$|\.md$/.test(item.name))
    .map((item) => join(item.parentPath, item.name))
    .sort()
    .map((path) => [path.slice(ROOT.length), readFileSync(path)])
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) {
    console.error(`✖ ${command} ${args.join(' ')} failed`)
    process.exit(status ?? 1)
  }
}
