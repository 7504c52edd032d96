import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { VERBS } from '../packages/core/src/cli/verbs.ts'
import { canaryRepository, TARGETS_PROVED } from './canary/config.ts'
import type { CanaryRun } from './canary/world.ts'

// Each test starts `stk` many times, one run after the other: half a second each, and more where much else runs.
const MINUTES = 600_000

/** A run that ended as it should, with no planted value anywhere. */
function expectClean(run: CanaryRun, code?: number): void {
  expect(run.found, 'a planted value can be seen').toEqual([])
  // A program that did not start shows nothing, either.
  expect(run.stdout + run.stderr).toMatch(/\S/)
  expect(run.stderr).not.toContain('ERR_MODULE_NOT_FOUND')
  if (code !== undefined) expect(run.code, run.stdout + run.stderr).toBe(code)
}

/** Every verb, with what it is called with; `undefined` for a code that depends on what is installed. */
const CALLS: Readonly<Record<string, readonly (readonly [args: readonly string[], code?: number])[]>> = {
  bundle: [[[], 0]],
  build: [[['--profile'], 0]],
  plan: [[['--out', 'release.json'], 0]],
  release: [[['release.json'], 0], [['--dry-run'], 0], [['--yes'], 0]],
  deploy: [[['app', '--yes', '--push-secrets'], 0]],
  releases: [[[], 0]],
  rollback: [[['--dry-run'], undefined]],
  promote: [[['--yes', '--from', 'staging', '--to', 'production'], undefined]],
  secrets: [
    [['template', '--out', '-'], 0], [['template', '--out', '-', '--format', 'k8s-secret'], 0], [['template', '--out', '-', '--format', 'compose'], 0],
    [['template', '--out', '-', '--format', 'docker-env'], 0], [['template'], 0], [['check'], 0], [['diff'], 0], [['push', '--dry-run'], 0], [['push', '--yes', '--prune'], 0],
  ],
  schema: [[['plan', '--out', 'plan.json'], undefined]],
  sync: [[[], undefined]],
  inspect: [[[], 0]],
  doctor: [[[], undefined]],
  init: [[['other'], undefined]],
  // They have tests of their own below, since they do not end by themselves, or print what they are told to.
  dev: [],
  run: [],
}

test('every verb has its place here', () => {
  expect(Object.keys(CALLS).sort()).toEqual(VERBS.map(({ name }) => name).sort())
})

describe.each([['--json'], ['--verbose']])('with %s', (flag) => {
  test('no verb shows, writes, starts or leaves a planted value', async () => {
    const { stk } = await canaryRepository({ targets: ['app'] })
    for (const [verb, calls] of Object.entries(CALLS)) {
      for (const [args, code] of calls) expectClean(await stk([verb, ...args, flag]), code)
    }
  }, MINUTES)
})

describe.each(Object.keys(TARGETS_PROVED))('target %s', (target) => {
  test('builds, releases and goes back without a planted value in any artifact or output', async () => {
    const { stk, repository } = await canaryRepository({ targets: [target] })
    expectClean(await stk(['build', '--verbose']), 0)
    expectClean(await stk(['secrets', 'push', '--yes']))
    for (const limit of [1, 2]) {
      await repository.write('notes/logic/notes/more.sql', `---\naccess: public\ndatabase: main\n---\nselect ${limit} as one\n`)
      expectClean(await stk(['release', '--yes']))
    }
    expectClean(await stk(['releases', '--json']))
    expectClean(await stk(['rollback', '--yes', '--verbose']))
    expectClean(await stk(['release', '--yes', '--json'], { env: { PLATFORM_TOKEN: 'refused-canary' } }))
  }, MINUTES)
})

describe('what fails', () => {
  test.each<readonly [string, Record<string, string | undefined>]>([
    ['a URL that is none', { DATABASE_URL: 'http//' }],
    ['a URL of another driver', { DATABASE_URL: 'mysql://' }],
  ])('%s', async (_, { DATABASE_URL: prefix }) => {
    const { stk, planted } = await canaryRepository({ targets: ['app'] })
    // What is planted, made wrong in front: the rest must not be seen either.
    const env = { DATABASE_URL: `${prefix ?? ''}${planted.DATABASE_URL ?? ''}` }
    for (const args of [['secrets', 'check', '--verbose'], ['secrets', 'check', '--json'], ['release', '--yes', '--verbose'], ['secrets', 'push', '--yes']]) {
      const run = await stk(args, { env })
      expectClean(run)
      expect(run.code).not.toBe(0)
    }
  }, MINUTES)

  test('a provider that throws its value, has none, or cannot be understood', async () => {
    for (const ref of ['vault:throws', 'vault:none', 'nowhere:a']) {
      const { stk } = await canaryRepository({ targets: ['app'], secrets: `DATABASE_TOKEN: '${ref}'` })
      for (const args of [['secrets', 'check', '--verbose'], ['release', '--yes', '--json'], ['run', '--', process.execPath, '--version']]) {
        const run = await stk(args)
        expectClean(run)
        expect(run.code).not.toBe(0)
      }
    }
  }, MINUTES)

  test('a platform that refuses or breaks down, and repeats what it was sent', async () => {
    for (const status of [401, 500]) {
      const { stk, platform } = await canaryRepository({ targets: ['app'] })
      for (const [request, after] of [['GET', 0], ['POST', 0], ['GET', 3]] as const) {
        platform.failures = [{ request, status, after }]
        const run = await stk(['release', '--yes', '--verbose', '--push-secrets'])
        expectClean(run)
        expect(run.code, run.stdout).toBe(1)
      }
      platform.failures = [{ request: 'PUT', status }]
      expectClean(await stk(['secrets', 'push', '--yes', '--verbose']), 1)
    }
  }, MINUTES)

  test.each([
    ['a hook that throws', "'release:planned': () => { throw new Error('cannot reach ' + process.env.DATABASE_URL) }"],
    ['a hook that throws what is no error', "'bundle:before': () => { throw { url: process.env.DATABASE_URL, toString: () => process.env.DATABASE_TOKEN } }"],
    ['a hook that throws it encoded', "'bundle:before': () => { throw new Error('Basic ' + Buffer.from('app:' + process.env.DATABASE_URL).toString('base64')) }"],
    ['a hook whose error has a cause', "'bundle:before': () => { throw new Error('no', { cause: new Error(encodeURIComponent(process.env.DATABASE_TOKEN)) }) }"],
    ['a listener of errors that throws', "'bundle:before': () => { throw new Error('no') }, error: () => { throw new Error(process.env.DATABASE_TOKEN) }"],
    ['a rejection that nobody handles', "'bundle:before': async () => { Promise.reject(new Error(process.env.DATABASE_URL)); await new Promise((resolve) => setTimeout(resolve, 1000)) }"],
    ['an exception that nobody catches', "'bundle:before': async () => { setImmediate(() => { throw new TypeError(process.env.DATABASE_TOKEN) }); await new Promise((resolve) => setTimeout(resolve, 1000)) }"],
    ['a warning of the process', "'bundle:before': () => { process.emitWarning(process.env.DATABASE_TOKEN); throw new Error('no') }"],
  ])('%s', async (_, hook) => {
    const { stk } = await canaryRepository({ targets: ['app'], plugins: `{ name: 'holder', hooks: { ${hook} } }` })
    for (const flag of ['--verbose', '--json']) {
      const run = await stk(['release', '--yes', flag])
      expectClean(run, 1)
      // The failure itself is shown.
      expect(run.stdout + run.stderr).toMatch(/STK1010|STK9001/)
    }
  }, MINUTES)

  test('a config that throws a value while it is read, and a command of a plugin that does', async () => {
    const { stk, repository } = await canaryRepository({ plugins: "{ name: 'tool', commands: { tool: { description: 'x', run: async (_, { report }) => { report({ type: 'note', level: 'warn', message: process.env.DATABASE_TOKEN }); throw new Error(process.env.DATABASE_TOKEN) } } } }" })
    expectClean(await stk(['tool', '--verbose']), 1)
    await repository.write('santokit.config.ts', "throw new Error('bad ' + process.env.DATABASE_URL)")
    expectClean(await stk(['build', '--verbose']), 2)
  }, MINUTES)

  test('a value that slipped into the code', async () => {
    const { stk, repository, planted } = await canaryRepository()
    // The person wrote it there; what must not happen is that it goes any further.
    await repository.write('notes/logic/notes/leak.ts', `export default { access: 'public', handler: () => ${JSON.stringify(planted.PLATFORM_TOKEN)} }`)
    const run = await stk(['build', '--verbose'], { env: { DATABASE_TOKEN: planted.PLATFORM_TOKEN } })
    expect(run.code).toBe(2)
    expect(run.stdout + run.stderr).toContain('STK2022')
    // The module itself is looked at from a temporary file, which must be gone; a file that is left is named otherwise.
    const known = /leak\.ts|\.santokit\/cache|^what was written to .*\/leak\.mjs$/
    expect(run.found.map(({ place }) => place).filter((place) => !known.test(place))).toEqual([])
  }, MINUTES)
})

describe('in the middle', () => {
  test('while a release is under way, and after Ctrl-C', async () => {
    const { start, platform, repository } = await canaryRepository({ targets: ['app'] })
    let reached: () => void = () => {}
    const sending = new Promise<void>((resolve) => { reached = resolve })
    platform.before = async (request) => {
      if (!request.startsWith('POST')) return
      reached()
      await new Promise(() => {})
    }
    const running = start(['release', '--yes', '--verbose'])
    await sending
    expect(await running.processes()).toEqual([])
    running.child.kill('SIGINT')
    expectClean(await running.ended, 130)
    expect(Object.keys(await repository.files()).filter((path) => path.includes('.tmp'))).toEqual([])
  }, MINUTES)

  test('while a vault is waited for, and after Ctrl-C', async () => {
    const { start } = await canaryRepository({ targets: ['app'], secrets: "DATABASE_TOKEN: 'vault:waits'" })
    const running = start(['secrets', 'check', '--json'])
    await running.shown('waiting')
    expect(await running.processes()).toEqual([])
    running.child.kill('SIGINT')
    expectClean(await running.ended, 130)
  }, MINUTES)
})

describe('stk run', () => {
  const WAITS = "process.stdout.write('ready\\n'); process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000)"

  test('the command has the secrets in its environment, and nobody else has them anywhere', async () => {
    const { start } = await canaryRepository()
    const running = start(['run', '--', process.execPath, '-e', WAITS], { mayHave: /node/ })
    await running.shown('ready')
    // The command itself is where they belong; its arguments are not.
    expect(await running.processes(/-e/)).toEqual([])
    running.child.kill('SIGTERM')
    expectClean(await running.ended, 7)
  }, MINUTES)

  test('what the command is not given: whatever opens the vault', async () => {
    const { stk, planted } = await canaryRepository()
    const run = await stk(['run', '--', process.execPath, '-e', 'console.log(Object.keys(process.env).sort().join())'], { mayHave: /node/, env: { OP_SERVICE_ACCOUNT_TOKEN: planted.FROM_VAULT } })
    expectClean(run, 0)
    const names = run.stdout.trim().split(',')
    expect(names).toEqual(expect.arrayContaining(['DATABASE_TOKEN', 'DATABASE_URL', 'FROM_FILE', 'FROM_VAULT', 'IN_DOTENV', 'PATH']))
    expect(names.filter((name) => /PLATFORM|CANARY|OP_|NODE_OPTIONS/.test(name))).toEqual([])
  }, MINUTES)

  test('a command that cannot be started', async () => {
    const { stk } = await canaryRepository()
    expectClean(await stk(['run', '--verbose', '--', 'no-such-program-here'], { mayHave: /no-such/ }), 2)
  }, MINUTES)
})

describe('the Bridge', () => {
  const call = (url: string): Promise<string> =>
    fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"path":"notes/list","params":{}}' }).then((response) => response.text())

  test('stk dev: its logs, its failures, its pages and Ctrl-C', async () => {
    const { start, planted } = await canaryRepository()
    const running = start(['dev', '--port', '0', '--json'], { env: { LOG_LEVEL: 'debug', FROM_VAULT: planted.FROM_VAULT, FROM_FILE: planted.FROM_FILE } })
    await running.shown('"serving"')
    const url = /"url":"(http:[^"]+)"/.exec(running.output())?.[1] ?? ''
    const answers = [await call(url), ...(await Promise.all(['/health', '/ready', '/openapi.json', '/', '/metrics'].map(async (path) => (await fetch(url + path)).text())))]
    for (const value of Object.values(planted)) expect(answers.join('\n').includes(value)).toBe(false)
    expect(answers[0]).toContain('database_unavailable')
    expect(await running.processes()).toEqual([])
    running.child.kill('SIGINT')
    expectClean(await running.ended, 130)
  }, MINUTES)

  test('at boot, with secrets that are missing or set twice, and with one it cannot use', async () => {
    const { stk, bridge, planted } = await canaryRepository()
    expectClean(await stk(['build', '--flat']), 0)
    const secrets = { DATABASE_URL: planted.DATABASE_URL ?? '', DATABASE_TOKEN: planted.DATABASE_TOKEN ?? '', FROM_VAULT: planted.FROM_VAULT ?? '', FROM_FILE: planted.FROM_FILE ?? '' }
    const base = { BUNDLE_PATH: 'dist', PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'debug' }
    for (const env of [
      secrets, { ...secrets, IN_DOTENV: planted.IN_DOTENV ?? '', DATABASE_TOKEN_FILE: 'secrets/key' }, { ...secrets, IN_DOTENV: 'x', DATABASE_URL: `nonsense ${secrets.DATABASE_URL}` },
      { ...secrets, IN_DOTENV: 'x', DATABASE_URL: `libsql//${secrets.DATABASE_URL}` },
    ]) {
      const run = await bridge({ ...base, ...env }).ended
      expectClean(run)
      expect(run.code).not.toBe(0)
    }
  }, MINUTES)

  test('a password that Postgres refuses', async () => {
    const server = createServer(refusePassword)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => new Promise<void>((resolve) => { server.close(() => resolve()) }))
    const { stk, bridge, planted, repository } = await canaryRepository()
    const config = await repository.read('santokit.config.ts')
    await repository.write('santokit.config.ts', config.replace("main: { driver: 'libsql', url: secret('DATABASE_URL', { type: 'url', description: 'The primary' }), authToken: secret('DATABASE_TOKEN') }", "main: { driver: 'pg', url: secret('DATABASE_URL') }"))
    const url = `postgres://app:${planted.PLATFORM_TOKEN ?? ''}@127.0.0.1:${(server.address() as AddressInfo).port}/shop`
    expectClean(await stk(['build', '--flat'], { env: { DATABASE_URL: url } }), 0)
    const running = bridge({
      BUNDLE_PATH: 'dist', PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'debug', DATABASE_URL: url,
      FROM_VAULT: planted.FROM_VAULT ?? '', FROM_FILE: planted.FROM_FILE ?? '', IN_DOTENV: planted.IN_DOTENV ?? '',
    })
    await running.shown(/http:\/\/127\.0\.0\.1:\d+|"port":\d+/)
    const port = /127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(running.output())
    const origin = `http://127.0.0.1:${port?.[1] ?? port?.[2] ?? ''}`
    const answers = [await call(origin), await fetch(`${origin}/ready`).then((response) => response.text())].join('\n')
    expect(answers).toContain('database_unavailable')
    for (const value of Object.values(planted)) expect(answers.includes(value)).toBe(false)
    expect(await running.processes()).toEqual([])
    running.child.kill('SIGTERM')
    expectClean(await running.ended, 0)
  }, MINUTES)
})

/** As much of Postgres as it takes to refuse a password. */
function refusePassword(socket: Socket): void {
  const message = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return Buffer.concat([Buffer.from(type), length, body])
  }
  let asked = false
  socket.on('error', () => {})
  socket.on('data', (data) => {
    // A request for TLS, then the start, then the password.
    if (data.length === 8 && data.readInt32BE(4) === 80877103) socket.write('N')
    else if (!asked) {
      asked = true
      socket.write(message('R', Buffer.from([0, 0, 0, 3])))
    } else socket.end(message('E', Buffer.from(`SFATAL\0C28P01\0Mpassword authentication failed for user "app", got ${data.toString('latin1')}\0\0`)))
  })
}

describe('the canary sings', () => {
  const LEAK = 'process.env.DATABASE_TOKEN'
  test.each([
    ['in plain, on stdout', `console.log('it is ' + ${LEAK})`, /stdout/],
    ['in JSON, on stderr', `console.error(JSON.stringify(JSON.stringify({ token: ${LEAK} })))`, /stderr/],
    ['in Base64, among other things', `console.log(Buffer.from('app:' + ${LEAK} + ':x').toString('base64'))`, /stdout/],
    ['in Base64 for URLs', `console.log(Buffer.from('?' + ${LEAK}).toString('base64url'))`, /stdout/],
    ['in hex', `console.log(Buffer.from(${LEAK}).toString('hex'))`, /stdout/],
    ['as a URL has it', `console.log(encodeURIComponent(${LEAK}))`, /stdout/],
    ['in a temporary file that is left', `writeFileSync(tmpdir() + '/left', 'x' + ${LEAK})`, /left/],
    ['in a file that is gone at once', `writeFileSync(tmpdir() + '/gone', ${LEAK}); rmSync(tmpdir() + '/gone')`, /what was written to .*gone/],
    ['in a cache', `mkdirSync('.santokit', { recursive: true }); writeFileSync('.santokit/notes.json', JSON.stringify({ token: ${LEAK} }))`, /\.santokit/],
    ['on a command line', `execFileSync(process.execPath, ['-e', '0', ${LEAK}])`, /arguments of/],
    ["in a child's environment", "execFileSync(process.execPath, ['-e', '0'])", /environment of/],
    ['in a compressed artifact', `writeFileSync('releases.tgz', gzipSync('x'.repeat(9) + ${LEAK}))`, /inside of releases\.tgz/],
  ])('when a plugin leaks %s', async (_, leak, place) => {
    const { stk } = await canaryRepository({
      plugins: `{ name: 'leaky', hooks: { async 'bundle:before'() {
        const { writeFileSync, rmSync, mkdirSync } = await import('node:fs')
        const [{ tmpdir }, { execFileSync }, { gzipSync }] = await Promise.all([import('node:os'), import('node:child_process'), import('node:zlib')])
        ${leak}
      } } }`,
    })
    const { found } = await stk(['bundle'])
    expect(found.filter((each) => place.test(each.place)).map(({ name }) => name)).toContain('DATABASE_TOKEN')
  }, MINUTES)
})
