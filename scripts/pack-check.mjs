// Proves that what would be published works: publint and attw on each packed tarball, then an empty project that installs
// the tarballs, runs `stk init`, builds, releases and is served.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGES } from './packages.mjs'
import { prepare, ROOT } from './prepare.mjs'

let passed = 0
let failed = 0

prepare()
const place = mkdtempSync(join(tmpdir(), 'santokit-pack-'))
try {
  for (const name of PACKAGES) run('npm', ['pack', '--silent', '--pack-destination', place], join(ROOT, 'packages', name))
  const tarballs = readdirSync(place).filter((file) => file.endsWith('.tgz')).map((file) => join(place, file))
  for (const tarball of tarballs) {
    check(`publint ${tarball}`, () => run('npx', ['publint', '--strict', tarball]))
    check(`attw ${tarball}`, () => run('npx', ['attw', '--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball]))
  }
  await checkAsync('a project made of the packed tarballs builds, releases and serves', () => newcomer(tarballs))
} finally {
  rmSync(place, { recursive: true, force: true })
}
console.log(`pack: ${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function newcomer(tarballs) {
  const project = join(place, 'project')
  run('mkdir', ['-p', project])
  const dependencies = Object.fromEntries(PACKAGES.map((name) => {
    const tarball = tarballs.find((file) => file.includes(`santokit-${name}-`))
    return [`@santokit/${name}`, `file:${tarball}`]
  }))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'newcomer', private: true, type: 'module', dependencies: { ...dependencies, zod: '^4.6.7' } }))
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], project)
  const stk = (...args) => run(process.execPath, [join(project, 'node_modules/.bin/stk'), ...args], project)
  stk('init', 'notes')
  stk('build', '--verify')
  stk('release', '--yes')
  const lines = stk('releases', '--json').trim().split('\n').map((line) => JSON.parse(line))
  const { details } = lines.find((line) => line.type === 'release')
  const database = join(project, 'notes.db')
  const { createClient } = await import('@libsql/client')
  const client = createClient({ url: `file:${database}` })
  await client.executeMultiple(readFileSync(join(project, 'projects/notes/schema/main.sql'), 'utf8'))
  client.close()
  await served(project, { ...details, DATABASE_URL: `file:${database}` }, async (url) => {
    const call = async (body) => {
      const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      return { status: answer.status, ...(await answer.json()) }
    }
    expect((await call({ path: 'notes/add', params: { text: 'packed' } })).data, { id: 1 })
    expect((await call({ path: 'notes/list' })).data[0].text, 'packed')
    expect((await call({ path: 'notes/none' })).status, 404)
  })
}

async function served(project, env, work) {
  const child = spawn(process.execPath, [join(project, 'node_modules/.bin/santokit-bridge')], {
    cwd: project, env: { PATH: process.env.PATH, ...env, PORT: '0', HOST: '127.0.0.1' }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await new Promise((resolve, reject) => {
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
        const line = text.split('\n').find((candidate) => candidate.includes('"listening"') && candidate.endsWith('}'))
        if (line !== undefined) resolve(JSON.parse(line).url)
      })
      child.on('exit', (code) => reject(new Error(`the Bridge ended with ${code}\n${text}`)))
    })
    await work(url)
  } finally {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGTERM')
    expect(await ended, 0)
  }
}

function expect(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`)
}

function run(command, args, cwd = ROOT) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${status}\n${stdout}${stderr}`)
  return stdout
}

function check(title, work) {
  try {
    work()
    passed++
    console.log(`  ✔ ${title.replace(`${place}/`, '')}`)
  } catch (error) {
    failed++
    console.error(`  ✖ ${title}\n${error.message}`)
  }
}

async function checkAsync(title, work) {
  let error
  try {
    await work()
  } catch (thrown) {
    error = thrown
  }
  check(title, () => {
    if (error) throw error
  })
}
