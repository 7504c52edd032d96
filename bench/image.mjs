// npm run bench:image [-- --rounds 9]: a changed logic on its way into a registry on this computer, by three roads, in one run:
// `stk deploy image`; `stk bundle && docker build && docker push`; the same with buildah. Same base, same files, all warm.
//
// Needs root and Debian's docker-registry, docker.io, buildah and skopeo (npm run test:peers installs all but buildah).
// Prints medians and ratios of each round; absolute times are this computer's.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { which } from '../scripts/peers/find.mjs'
import { prepare, ROOT } from '../scripts/prepare.mjs'

const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } })
prepare()
const missing = ['docker-registry', 'dockerd', 'docker', 'skopeo'].filter((name) => which(name) === undefined)
if (missing.length > 0) {
  console.error(`✖ needs ${missing.join(', ')}: npm run test:peers -- --list installs them`)
  process.exit(1)
}
const hasBuildah = which('buildah') !== undefined
if (!hasBuildah) console.log('  – buildah is left out: apt-get install buildah')

const folder = mkdtempSync(join(tmpdir(), 'santokit-bench-image-'))
const children = []
const write = (path, text) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const environment = { PATH: process.env.PATH, HOME: folder, SANTOKIT_CACHE: join(folder, 'cache'), NO_COLOR: '1', DOCKER_HOST: `unix://${join(folder, 'docker.sock')}`, DOCKER_BUILDKIT: '0' }
const run = (program, args, cwd = folder) => {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return { ms: performance.now() - began, stdout }
}
const stk = (...args) => run(process.execPath, [join(ROOT, 'packages/core/bin/stk.mjs'), ...args])
/** Starts a server and waits for a line of its log: a file, because a pipe that nobody empties while others run would stop it. */
const start = async (program, args, isUp) => {
  const log = join(folder, `${program}.log`)
  const file = openSync(log, 'a')
  const child = spawn(program, args, { env: environment, stdio: ['ignore', file, file] })
  closeSync(file)
  children.push(child)
  while (!readFileSync(log, 'utf8').includes(isUp)) {
    if (child.exitCode !== null) throw new Error(`${program} did not start: ${readFileSync(log, 'utf8')}`)
    await setTimeout(20)
  }
}

try {
  const registry = `127.0.0.1:${await freePort()}`
  write('registry.yml', `version: 0.1\nlog: { level: info }\nstorage: { filesystem: { rootdirectory: ${join(folder, 'registry')} } }\nhttp: { addr: "${registry}", secret: bench }\n`)
  await start('docker-registry', ['serve', join(folder, 'registry.yml')], 'listening on')
  await start('dockerd', ['--iptables=false', '--bridge=none', '--data-root', join(folder, 'docker'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--host', environment.DOCKER_HOST], 'API listen on')
  baseLayout(join(folder, 'base'))
  run('skopeo', ['copy', '--dest-tls-verify=false', `oci:${join(folder, 'base')}`, `docker://${registry}/base:node`])
  project(registry)

  // Warm: base, runtime and caches of every road.
  change(0)
  stk('deploy', 'image', '--yes')
  stk('bundle')
  cpSync(join(ROOT, 'packages/bridge/dist/node.mjs'), join(folder, 'bridge/node.mjs'))
  write('Dockerfile', `FROM ${registry}/base:node\nCOPY bridge /app/bridge\nENV MANIFEST_PATH=/app/manifest.json\nENTRYPOINT ["/nodejs/bin/node", "/app/bridge/node.mjs"]\nCOPY dist/notes/manifest.json /app/manifest.json\nCOPY dist/notes/bundle /app/bundle\n`)
  write('.dockerignore', '**\n!bridge\n!dist/notes/manifest.json\n!dist/notes/bundle\n')
  const dockerRoad = () => {
    const build = run('docker', ['build', '--quiet', '--tag', `${registry}/docker:live`, '.']).ms
    return build + run('docker', ['push', '--quiet', `${registry}/docker:live`]).ms
  }
  const buildahRoad = () => {
    const build = run('buildah', ['build', '--quiet', '--layers', '--isolation', 'chroot', '--tls-verify=false', '--root', join(folder, 'buildah'), '--tag', `${registry}/buildah:live`, '.']).ms
    return build + run('buildah', ['push', '--quiet', '--tls-verify=false', '--root', join(folder, 'buildah'), `${registry}/buildah:live`]).ms
  }
  dockerRoad()
  if (hasBuildah) buildahRoad()

  const measured = { deploy: [], inside: [], sent: [], bundle: [], docker: [], buildah: [], again: [], rollback: [], node: [] }
  for (let round = 1; round <= Number(rounds); round += 1) {
    change(round)
    const deployed = stk('deploy', 'image', '--yes', '--json')
    const phases = events(deployed.stdout)
    measured.deploy.push(deployed.ms)
    measured.inside.push(phase(phases, 'package').ms + phase(phases, 'plan').ms + phase(phases, 'release').ms)
    measured.sent.push(phase(phases, 'release').data.release.sent)
    measured.bundle.push(stk('bundle').ms)
    measured.docker.push(dockerRoad())
    if (hasBuildah) measured.buildah.push(buildahRoad())
    measured.again.push(stk('deploy', 'image', '--yes', '--json').ms)
    measured.rollback.push(phase(events(stk('rollback', '--target', 'image', '--yes', '--json').stdout), 'release').ms)
    measured.node.push(run(process.execPath, ['-e', '0']).ms)
  }
  report(measured)
} finally {
  for (const child of children.reverse()) {
    if (child.exitCode !== null) continue
    const ended = once(child, 'close')
    child.kill('SIGTERM')
    await ended
  }
  // The engine and buildah leave mounts behind: namespaces, and folders over themselves.
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '').filter((place) => place.startsWith(`${folder}/`))
  for (const place of mounts.reverse()) spawnSync('umount', [place])
  rmSync(folder, { recursive: true, force: true })
}

function report(measured) {
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
  const ratios = (slow, fast) => slow.map((ms, index) => ms / fast[index])
  const line = (title, list, more = '') => console.log(`  ${title.padEnd(58)} ${median(list).toFixed(0).padStart(6)} ms   ${more}`)
  const road = measured.docker.map((ms, index) => ms + measured.bundle[index])
  console.log(`\n  medians of ${rounds} rounds; one logic changed in each\n`)
  line('package, plan and push, in the process of stk', measured.inside)
  line('docker build + push', measured.docker, `${median(ratios(measured.docker, measured.inside)).toFixed(1)}x ours`)
  if (measured.buildah.length > 0) line('buildah build + push', measured.buildah, `${median(ratios(measured.buildah, measured.inside)).toFixed(1)}x ours`)
  line('stk deploy image, from the shell', measured.deploy, `${median(ratios(measured.deploy, measured.node)).toFixed(1)}x bare node (${median(measured.node).toFixed(0)} ms)`)
  line('stk bundle && docker build && docker push', road, `${median(ratios(road, measured.deploy)).toFixed(1)}x stk deploy image`)
  line('stk deploy image, nothing changed', measured.again)
  line('rollback, in the process', measured.rollback)
  console.log(`  bytes sent for a changed logic: ${median(measured.sent)} (median)\n`)
}

function events(text) {
  return text.trim().split('\n').map((one) => JSON.parse(one))
}

function phase(list, name) {
  const found = list.find((event) => event.type === 'phase:done' && event.phase === name)
  if (found === undefined) throw new Error(`no ${name} among ${list.map((event) => event.type).join(', ')}`)
  return found
}

/** Forty SQL logics, three in TypeScript, and 200 kB of data that one of them imports. */
function project(registry) {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  write('package.json', '{ "type": "module" }')
  write('santokit.config.ts', `import { defineConfig, secret } from '@santokit/core'
import image from '@santokit/plugin-image'
export default defineConfig({ plugins: [image()], projects: { notes: {
  root: 'notes', databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } },
  targets: { image: { repository: '${registry}/ours', base: '${registry}/base:node', platforms: ['${process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64'}'] } },
} } })
`)
  for (let index = 0; index < 40; index += 1) write(`notes/logic/n${index % 5}/q${index}.sql`, `---\nparams: { id: int }\n---\nselect ${index} as n, id, title from notes where id = :id\n`)
  const words = Array.from({ length: 5000 }, (_, index) => `'${createHash('sha256').update(String(index)).digest('hex').slice(0, 36)}'`)
  write('notes/lib/words.ts', `export const words = [${words.join(',')}]\n`)
  for (let index = 0; index < 3; index += 1) {
    write(`notes/logic/ts/t${index}.ts`, `import { defineLogic } from '@santokit/bridge'\n${index === 0 ? "import { words } from '../../lib/words.ts'\n" : 'const words = [1]\n'}export default defineLogic({ access: 'public', async handler() { return words.length } })\n`)
  }
  mkdirSync(join(folder, 'bridge'))
}

function change(round) {
  write('notes/logic/n0/q0.sql', `---\nparams: { id: int }\n---\nselect ${round} as round, id, title from notes where id = :id\n`)
}

/** This computer's Node and its libraries, in one layer, as the tests have it. */
function baseLayout(place) {
  const blobs = join(place, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
  const libraries = [...run('ldd', [process.execPath]).stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path)
  const tar = join(place, 'layer.tar')
  run('tar', ['--create', '--dereference', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--file', tar, '--transform', `s,^${process.execPath.slice(1)}$,nodejs/bin/node,`,
    '--directory', '/', ...[process.execPath, ...libraries].map((path) => path.slice(1))])
  const put = (bytes, mediaType) => {
    writeFileSync(join(blobs, sha256(bytes)), bytes)
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length }
  }
  const json = (document, mediaType) => put(Buffer.from(JSON.stringify(document)), mediaType)
  const layer = put(readFileSync(tar), 'application/vnd.oci.image.layer.v1.tar')
  rmSync(tar)
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const config = json({ os: 'linux', architecture, created: '1970-01-01T00:00:00Z', config: { User: '65532:65532', Entrypoint: ['/nodejs/bin/node'] }, rootfs: { type: 'layers', diff_ids: [layer.digest] }, history: [{ created: '1970-01-01T00:00:00Z', created_by: 'node' }] }, 'application/vnd.oci.image.config.v1+json')
  const manifest = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] }, 'application/vnd.oci.image.manifest.v1+json')
  writeFileSync(join(place, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(join(place, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, platform: { os: 'linux', architecture } }] }))
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
