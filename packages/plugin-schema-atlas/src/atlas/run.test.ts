import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainFailure } from './failure.ts'
import { findAtlas } from './find.ts'
import { runAtlas, type AtlasRun } from './run.ts'

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'santokit-atlas-')) })
afterAll(() => rm(folder, { recursive: true }))

/** A stand-in for the program, for what the real one does not do on demand. */
async function program(name: string, body: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!${process.execPath}\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

function runOf(path: string, more: Partial<AtlasRun> = {}): AtlasRun {
  return { program: path, args: [], secrets: {}, env: process.env, cwd: folder, signal: new AbortController().signal, timeout: 60_000, ...more }
}

test('a child gets the allow-listed environment and its secrets, and nothing else', async () => {
  const path = await program('environment', 'process.stdout.write(JSON.stringify(process.env))')
  const { stdout } = await runAtlas(runOf(path, { env: { PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'x', PGPASSWORD: 'y', PGSERVICE: 'z' }, secrets: { URL: 'secret' } }))
  expect(JSON.parse(stdout)).toEqual({
    PATH: '/bin', PGPASSWORD: 'y', ATLAS_NO_UPDATE_NOTIFIER: '1', ATLAS_NO_UPGRADE_SUGGESTIONS: '1', DO_NOT_TRACK: '1', URL: 'secret',
  })
})

test('a child that hangs is killed with what it started, and it is said', async () => {
  const path = await program('hang', `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); process.on('SIGTERM', () => {})`)
  await expect(runAtlas(runOf(path, { timeout: 300 }))).rejects.toThrow('did not finish within 0.3 s')
})

test('an abort ends it with its reason', async () => {
  const path = await program('sleep', 'setInterval(() => {}, 1000)')
  const controller = new AbortController()
  const running = runAtlas(runOf(path, { signal: controller.signal }))
  controller.abort(new Error('interrupted'))
  await expect(running).rejects.toThrow('interrupted')
})

test('a child that prints without end is stopped', async () => {
  const path = await program('flood', 'const line = "x".repeat(1 << 20); (function more() { process.stdout.write(line, more) })()')
  await expect(runAtlas(runOf(path))).rejects.toThrow('printed more than 64 MB')
})

test('a program that does not start is named', async () => {
  await expect(runAtlas(runOf(join(folder, 'nothing')))).rejects.toThrow(/STK6002 .*nothing did not start: ENOENT/)
})

test('what it printed is never shown', () => {
  const secret = 'postgres://u:hunter2@h/d'
  for (const stderr of [secret, `Error: parse "${secret}": invalid`, `pq: password authentication failed for ${secret}`, `dial tcp: connection refused ${secret}`, `unsupported change ${secret}`]) {
    const { message, details } = explainFailure({ code: 1, stdout: '', stderr })
    expect(JSON.stringify([message, details])).not.toContain('hunter2')
  }
})

test('it is found by option, on PATH and in node_modules/.bin, and missed with advice', async () => {
  const path = await program('atlas', '')
  expect(findAtlas({ program: 'atlas', root: folder, env: {} })).toBe(path)
  expect(findAtlas({ program: undefined, root: '/', env: { PATH: `/nowhere:${folder}` } })).toBe(path)
  expect(() => findAtlas({ program: undefined, root: '/', env: { PATH: '/nowhere' } })).toThrow('STK6002')
  expect(() => findAtlas({ program: 'other', root: folder, env: {} })).toThrow('which the option `program` names')
})
