import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder, makeManifest } from '../../test/bundle.ts'
import type { BootError } from '../boot-error.ts'
import { type Environment, readSecrets, readServerSettings, readSetting } from './index.ts'

function refusal(read: () => unknown): BootError {
  try {
    read()
  } catch (error) {
    return error as BootError
  }
  throw new Error('It was accepted.')
}

async function fileOf(content: string): Promise<string> {
  const folder = await makeFolder()
  onTestFinished(folder.remove)
  await writeFile(join(folder.path, 'secret'), content)
  return join(folder.path, 'secret')
}

test('a file gives its content without one newline at the end', async () => {
  expect(readSetting({ KEY_FILE: await fileOf('value\n') }, 'KEY')).toBe('value')
  expect(readSetting({ KEY_FILE: await fileOf('value\r\n') }, 'KEY')).toBe('value')
  expect(readSetting({ KEY_FILE: await fileOf('two\nlines\n\n') }, 'KEY')).toBe('two\nlines\n')
  expect(readSetting({ KEY: '' }, 'KEY')).toBeUndefined()
})

test('a setting given twice, or by a file that is not there, is refused', async () => {
  expect(refusal(() => readSetting({ KEY: 'a', KEY_FILE: '/x' }, 'KEY')).why).toBe('KEY and KEY_FILE are both set.')
  expect(refusal(() => readSetting({ KEY_FILE: '/nowhere/x' }, 'KEY')).why).toContain('ENOENT')
})

const manifest = makeManifest({
  logic: {},
  manifest: {
    databases: {
      main: { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 1, queue: 1 }, statementTimeout: 0, rls: false, prepare: true },
      cache: {
        driver: 'libsql', url: 'file:x.db', authToken: { secret: 'CACHE_TOKEN', optional: true }, statementTimeout: 0, pool: { max: 1, queue: 1 },
      },
    },
    secrets: [
      { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] },
      { name: 'S3_KEY', optional: false, usedBy: ['storage.avatars.accessKeyId', 'storage.docs.accessKeyId'] },
      { name: 'CACHE_TOKEN', optional: true, usedBy: ['databases.cache.authToken'] },
    ],
  },
})

test('all missing secrets stand in one message, with what uses each', () => {
  const error = refusal(() => readSecrets(manifest, { CACHE_TOKEN: '' }))
  expect(error.code).toBe('missing_secrets')
  expect(error.why).toBe(
    '2 secrets are not set:\n' +
    'DATABASE_URL  databases.main.url\n' +
    'S3_KEY        storage.avatars.accessKeyId, storage.docs.accessKeyId',
  )
})

test('secrets come from the environment and from files', async () => {
  const secrets = readSecrets(manifest, { DATABASE_URL_FILE: await fileOf('postgres://x\n'), S3_KEY: 'key' })
  expect([...secrets]).toEqual([['DATABASE_URL', 'postgres://x'], ['S3_KEY', 'key']])
})

test('the server has its defaults', () => {
  const connections = { max: 20_000, requestTimeout: 30_000 }
  expect(readServerSettings({})).toEqual({
    port: 3000, host: '0.0.0.0', shutdownDelay: 0, shutdownTimeout: 25_000, logLevel: 'info', logParams: false, connections, dev: false,
  })
  expect(readServerSettings({ STK_DEV: '1' })).toMatchObject({ host: '127.0.0.1', dev: true })
  expect(readServerSettings({ PORT: '0', HOST: '::1', SHUTDOWN_DELAY: '3s', SHUTDOWN_TIMEOUT: '500ms', IMAGE_TAG: 'v1', LOG_LEVEL: 'debug' })).toEqual({
    port: 0, host: '::1', shutdownDelay: 3000, shutdownTimeout: 500, imageTag: 'v1', logLevel: 'debug', logParams: false, connections, dev: false,
  })
  expect(readServerSettings({ METRICS_PORT: '9464', LOG_PARAMS: '1', MAX_CONNECTIONS: '50', REQUEST_TIMEOUT: '5s' })).toMatchObject({
    metrics: { host: '127.0.0.1', port: 9464 }, logParams: true, connections: { max: 50, requestTimeout: 5000 },
  })
  expect(readServerSettings({ METRICS_PORT: '0', METRICS_HOST: '0.0.0.0' }).metrics).toEqual({ host: '0.0.0.0', port: 0 })
})

test.each<Environment>([
  { PORT: '65536' }, { PORT: '-1' }, { PORT: 'http' }, { SHUTDOWN_TIMEOUT: '25' }, { SHUTDOWN_TIMEOUT: 'soon' }, { SHUTDOWN_DELAY: '5' }, { LOG_LEVEL: 'loud' },
  { METRICS_PORT: 'http' }, { METRICS_HOST: '0.0.0.0' }, { MAX_CONNECTIONS: '0' }, { MAX_CONNECTIONS: 'many' }, { REQUEST_TIMEOUT: '30' },
])('%j is refused', (env) => {
  expect(refusal(() => readServerSettings(env)).code).toBe('bad_setting')
})

test('a development issuer is trusted on this machine only', () => {
  const issuer = 'http://127.0.0.1:4000'
  expect(readServerSettings({ STK_DEV: '1', STK_DEV_ISSUER: issuer }).devIssuer).toBe(issuer)
  expect(refusal(() => readServerSettings({ STK_DEV_ISSUER: issuer })).why).toContain('STK_DEV is not 1')
  expect(refusal(() => readServerSettings({ STK_DEV: '1', HOST: '0.0.0.0', STK_DEV_ISSUER: issuer })).why).toContain('HOST')
  expect(refusal(() => readServerSettings({ STK_DEV: '1', STK_DEV_ISSUER: 'https://evil.example' })).why).toContain('loopback')
})
