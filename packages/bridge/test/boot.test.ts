import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type BootError, formatBootError, startBridge } from '../src/node.ts'
import { bundleFiles, makeFolder, makeManifest, module, sql, type TestProject, writeBundle } from './bundle.ts'

async function refusal(project: TestProject, env: Record<string, string> = {}): Promise<BootError> {
  const folder = await makeFolder()
  onTestFinished(folder.remove)
  await writeBundle(folder.path, bundleFiles(project))
  const all = { HOST: '127.0.0.1', PORT: '0', MANIFEST_PATH: join(folder.path, 'manifest.json'), ...env }
  return startBridge({ env: all, log: () => {} }).then(
    async (bridge) => { await bridge.close(); throw new Error('It started.') },
    (error: BootError) => error,
  )
}

test('a project without authentication starts on a developer\'s machine only', async () => {
  const project: TestProject = { logic: {}, manifest: { auth: { mode: 'none', issuers: [] } } }
  expect(await refusal(project)).toMatchObject({ code: 'auth_disabled' })
  await expect(refusal(project, { STK_DEV: '1' })).rejects.toThrow('It started.')
})

test('a missing secret stops the start', async () => {
  const { limits } = makeManifest({ logic: {} })
  const error = await refusal({ logic: {}, manifest: {
    limits,
    databases: { main: { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 1, queue: 1 }, statementTimeout: 0, rls: false, prepare: true } },
    secrets: [
      { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] }, { name: 'MAIL_KEY', optional: false, usedBy: ['mail.key'] },
    ],
  } })
  expect(error.code).toBe('missing_secrets')
  expect(formatBootError(error)).toBe([
    'santokit-bridge cannot start: missing_secrets',
    '',
    '  why  2 secrets are not set:',
    '       DATABASE_URL  databases.main.url',
    '       MAIL_KEY      mail.key',
    '  fix  Set each in the environment of the platform, or as a file: DATABASE_URL_FILE=/run/secrets/…',
    '',
  ].join('\n'))
})

test('a database URL that cannot be used is refused without showing it', async () => {
  const error = await refusal({ logic: {}, manifest: {
    databases: { main: { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 1, queue: 1 }, statementTimeout: 0, rls: false, prepare: true } },
  } }, { DATABASE_URL: 'not a url: hunter2' })
  expect(error.code).toBe('database_setting')
  expect(formatBootError(error)).not.toContain('hunter2')
})

test('an issuer that is not reached over https is refused', async () => {
  const issuer = { issuer: 'http://issuer.example', audience: ['shop'], algorithms: ['RS256'], claims: { roles: 'roles' }, clockTolerance: 5 }
  expect(await refusal({ logic: {}, manifest: { auth: { mode: 'issuers', issuers: [issuer] } } })).toMatchObject({ code: 'auth_setting' })
})

test('a module that is no logic, or fails to load, is named', async () => {
  const load = (source: string): Promise<BootError> => refusal({ logic: { 'a/b': module('b.mjs') }, modules: { 'b.mjs': source } })
  for (const source of ['export const x = 1', 'export default {}', 'export default { handler() {}, params: {} }', 'throw new Error("no")', 'import "nowhere-to-be-found"']) {
    const error = await load(source)
    expect(error.code, source).toBe('logic_broken')
    expect(error.why).toContain('a/b')
  }
})

test('logic on a database that is not there is named', async () => {
  expect(await refusal({ logic: { 'a/b': sql('select 1') } })).toMatchObject({ code: 'logic_broken', why: expect.stringContaining('"main"') as string })
})

test('a bundle for a newer Node is refused', async () => {
  expect(await refusal({ logic: {}, manifest: { runtime: { node: '>=99.1' } } })).toMatchObject({ code: 'node_version' })
  await expect(refusal({ logic: {}, manifest: { runtime: { node: '>=20' } } })).rejects.toThrow('It started.')
})

test('an address that is taken is refused', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => { await new Promise((resolve) => other.close(resolve)) })
  const { port } = other.address() as AddressInfo
  expect(await refusal({ logic: {} }, { PORT: String(port) })).toMatchObject({ code: 'address_unusable', why: `The Bridge cannot listen on 127.0.0.1:${port} (EADDRINUSE).` })
})
