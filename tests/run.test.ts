import { expect, test } from 'vitest'
import { checkout } from './checkout.ts'

const VALUE = 'libsql://canary.example?authToken="quoted" $HOME'
const PRINT = 'console.log(JSON.stringify([process.argv.slice(1), process.env.DATABASE_URL, process.env.MINE, process.env.OTHER]))'

const node = (script: string, ...args: string[]): string[] => [process.execPath, '-e', script, ...args]

test('a command gets the secrets, its arguments as they are, and no more of the environment than it needs', async () => {
  const repository = await checkout()
  const env = { DATABASE_URL: VALUE, MINE: 'mine', OTHER: 'other' }
  const run = async (...options: string[]): Promise<unknown> => {
    const ran = await repository.spawnStk(['run', ...options, '--', ...node(PRINT, '--', '--json', '--help', '$HOME; echo', '--')], env).ended
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    return JSON.parse(ran.stdout)
  }
  const args = ['--json', '--help', '$HOME; echo', '--']
  expect(await run()).toEqual([args, VALUE, null, null])
  expect(await run('--keep', 'MINE')).toEqual([args, VALUE, 'mine', null])
  expect(await run('--inherit')).toEqual([args, VALUE, 'mine', 'other'])
})

test('its exit code is passed on, and that of its signal', async () => {
  const repository = await checkout()
  const code = async (script: string): Promise<number | null> => (await repository.spawnStk(['run', '--', ...node(script)], { DATABASE_URL: VALUE }).ended).code
  expect(await code('process.exit(42)')).toBe(42)
  expect(await code("process.kill(process.pid, 'SIGKILL')")).toBe(137)
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s is passed on, and what the command makes of it counts', async (signal) => {
  const repository = await checkout()
  const running = repository.spawnStk(['run', '--', ...node(`process.on('${signal}', () => { console.log('heard'); process.exit(5) }); console.log('ready'); setInterval(() => {}, 1000)`)], { DATABASE_URL: VALUE })
  await new Promise<void>((resolve) => running.child.stdout?.on('data', () => { if (running.output().includes('ready')) resolve() }))
  running.child.kill(signal)
  expect(await running.ended).toMatchObject({ code: 5, stdout: 'ready\nheard\n' })
})

test('without its secrets no command is started', async () => {
  const repository = await checkout()
  const ran = await repository.spawnStk(['run', '--', ...node("console.log('started')")]).ended
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toMatch(/STK3001[\s\S]*DATABASE_URL/)
})

test('a usage that is not understood is refused, and so is a program that is not there', async () => {
  const repository = await checkout()
  const env = { DATABASE_URL: VALUE }
  for (const args of [['run'], ['run', '--'], ['run', 'node'], ['run', 'node', '--', 'node'], ['run', '--kep', 'A', '--', 'node']]) {
    expect(await repository.spawnStk(args, env).ended).toMatchObject({ code: 2 })
  }
  const missing = await repository.spawnStk(['run', '--', 'no-such-program-here'], env).ended
  expect(missing).toMatchObject({ code: 2 })
  expect(missing.stderr).toMatch(/STK3012[\s\S]*no-such-program-here/)
})

test('projects that agree on a name share it, and those that do not are refused', async () => {
  const repository = await checkout({ 'more/logic/.keep': '' })
  const config = await repository.read('santokit.config.ts')
  const two = (secrets: string): string => config.replace('projects: {', `projects: { more: { root: 'more', databases: { main: { driver: 'libsql', url: secret('DATABASE_URL') } }, secrets: ${secrets} },`)
  await repository.write('santokit.config.ts', two('{}'))
  expect(await repository.spawnStk(['run', '--', ...node('0')], { DATABASE_URL: VALUE }).ended).toMatchObject({ code: 0 })
  await repository.write('santokit.config.ts', two("{ DATABASE_URL: 'env:THEIRS' }"))
  const clash = await repository.spawnStk(['run', '--', ...node('0')], { DATABASE_URL: VALUE, THEIRS: 'libsql://canary-theirs.example' }).ended
  expect(clash).toMatchObject({ code: 2 })
  expect(clash.stderr).toMatch(/DATABASE_URL is not the same for "more" and "notes"/)
  expect(clash.stderr).not.toContain('canary')
  expect(await repository.spawnStk(['run', '--project', 'more', '--', ...node('0')], { DATABASE_URL: VALUE, THEIRS: 'libsql://canary-theirs.example' }).ended).toMatchObject({ code: 0 })
})
