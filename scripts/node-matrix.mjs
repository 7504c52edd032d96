// Builds the playground under Node 20, 22 and 24, each in a folder of its own with another time zone and umask, and
// compares the digests; then has the Bridge answer under those that are not this one, since it leans on the inside of Node's HTTP
// server. The Node binaries come from npm.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, ROOT } from './prepare.mjs'

const VARIANTS = [
  { node: '20', zone: 'UTC', umask: 0o022 },
  { node: '22', zone: 'Asia/Seoul', umask: 0o077 },
  { node: '24', zone: 'America/St_Johns', umask: 0o002 },
]

/** What leans on more of Node than its documentation promises. */
const TESTS = ['packages/bridge/src/http-server.test.ts', ...['http-adapters', 'process', 'conformance.node'].map((name) => `packages/bridge/test/${name}.test.ts`)]

/** Node binaries by major version. */
const binaries = new Map()

prepare()
const place = mkdtempSync(join(tmpdir(), 'santokit-matrix-'))
try {
  const found = VARIANTS.map((variant, index) => ({ ...variant, digests: build(variant, join(place, 'x'.repeat(index * 7 + 1), 'checkout')) }))
  for (const { node, zone, digests } of found) console.log(`  Node ${node}  ${zone.padEnd(17)}  ${digests.join('  ')}`)
  const same = found.every(({ digests }) => digests.join() === found[0].digests.join())
  console.log(same ? '  ✔ the same digests everywhere' : '  ✖ the digests differ')
  const answers = VARIANTS.filter(({ node }) => !process.versions.node.startsWith(`${node}.`)).map(({ node }) => test(node))
  process.exitCode = same && answers.every(Boolean) ? 0 : 1
} finally {
  rmSync(place, { recursive: true, force: true })
}

function build({ node, zone, umask }, checkout) {
  mkdirSync(checkout, { recursive: true, mode: 0o777 })
  process.umask(umask)
  for (const name of ['santokit.config.ts', 'playground', 'package.json', 'packages']) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true, filter: (path) => !/[/\\](\.santokit|node_modules)([/\\]|$)/.test(path.slice(ROOT.length)) })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const binary = nodeBinary(node)
  const { status, stdout, stderr } = spawnSync(binary, [join(ROOT, 'packages/core/bin/stk.mjs'), 'build', '--json'], {
    cwd: checkout, encoding: 'utf8', env: { ...process.env, TZ: zone },
  })
  process.umask(0o022)
  if (status !== 0) throw new Error(`Node ${node}: exit ${status}\n${stdout}${stderr}`)
  const { projects } = stdout.trim().split('\n').map((line) => JSON.parse(line)).find((event) => event.type === 'result')
  return projects.map(({ project, digest }) => {
    const { archive } = JSON.parse(readFileSync(join(checkout, '.santokit/cache', project, 'archive.json'), 'utf8'))
    return `${project} ${digest.slice(7, 19)}/${archive.slice(7, 19)}`
  })
}

function test(node) {
  const { status, stdout, stderr } = spawnSync(nodeBinary(node), [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=dot', ...TESTS], { cwd: ROOT, encoding: 'utf8' })
  console.log(status === 0 ? `  ✔ the Bridge answers under Node ${node}` : `${stdout}${stderr}\n  ✖ the Bridge under Node ${node}`)
  return status === 0
}

function nodeBinary(major) {
  if (!binaries.has(major)) binaries.set(major, installNode(major))
  return binaries.get(major)
}

function installNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const folder = join(place, `node-${major}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const name = `node-${process.platform}-${process.arch}`
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${major}`], { cwd: folder, encoding: 'utf8' })
  if (npm.status !== 0) throw new Error(`npm install ${name}@${major}\n${npm.stderr}`)
  const binary = join(folder, 'node_modules', name, 'bin/node')
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  if (!stdout?.startsWith(`v${major}.`)) throw new Error(`${name}@${major} is no working binary: ${stdout}`)
  return binary
}
