import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Credential } from './credential.ts'
import { findCredential, type CredentialSearch } from './find.ts'

const SECRET = 'planted:secret'
const auth = (username: string, secret = SECRET): { auth: string } => ({ auth: Buffer.from(`${username}:${secret}`).toString('base64') })

let home: string
let env: Record<string, string>
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'home-'))
  env = { HOME: home, PATH: [join(home, 'bin'), process.env.PATH].join(delimiter), STRAY_SECRET: 'stray' }
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function write(path: string, content: object): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true })
  await writeFile(join(home, path), JSON.stringify(content))
}

/** A credential helper that is a real program. It notes how it was called. */
async function helper(name: string, script: string): Promise<void> {
  const path = join(home, 'bin', `docker-credential-${name}`)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\nread -r key\necho "$0 $* <$key>" >> ${home}/calls\nenv > ${home}/environment\n${script}\n`)
  await chmod(path, 0o755)
}

const answer = (username: string, secret = SECRET): string => `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`
const find = (search: Partial<CredentialSearch> = {}): Promise<Credential | undefined> =>
  findCredential({ registry: 'ghcr.io', repository: 'acme/shop', env, signal: new AbortController().signal, ...search })
const shown = (credential: Credential | undefined): string | undefined =>
  credential === undefined ? undefined : credential.kind === 'password' ? `${credential.username}/${credential.password.reveal()}` : `${credential.kind}/${credential.token.reveal()}`

test('nobody has signed in', async () => {
  expect(await find()).toBeUndefined()
})

test.each([
  ['ghcr.io'], ['https://ghcr.io'], ['https://ghcr.io/v2/'], ['https://ghcr.io/v1/'], ['GHCR.IO'],
])('docker\'s config.json knows it as %s', async (key) => {
  await write('.docker/config.json', { auths: { [key]: auth('me') } })
  expect(shown(await find())).toBe(`me/${SECRET}`)
  expect(await find({ registry: 'quay.io' })).toBeUndefined()
})

test.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'])('Docker Hub is known as %s', async (key) => {
  await write('.docker/config.json', { auths: { [key]: auth('hub') } })
  expect(shown(await find({ registry: 'docker.io', repository: 'library/node' }))).toBe(`hub/${SECRET}`)
})

test('podman\'s entries for a namespace come before those of the registry', async () => {
  await write('.config/containers/auth.json', { auths: { 'ghcr.io': auth('all'), 'ghcr.io/acme': auth('team'), 'ghcr.io/acme/shop': auth('shop'), 'ghcr.io/acme/sh': auth('other') } })
  expect(shown(await find())).toBe(`shop/${SECRET}`)
  expect(shown(await find({ repository: 'acme/links' }))).toBe(`team/${SECRET}`)
  expect(shown(await find({ repository: 'else/where' }))).toBe(`all/${SECRET}`)
})

test('an identity token, an access token, and docker\'s padding', async () => {
  await write('.docker/config.json', { auths: {
    'ghcr.io': { ...auth('me'), identitytoken: 'planted-identity' }, 'quay.io': { registrytoken: 'planted-access' }, 'gcr.io': { auth: Buffer.from(`me:${SECRET}\0\0`).toString('base64') },
    'r.example': auth('<token>', 'planted-identity'),
  } })
  expect(shown(await find())).toBe('identity/planted-identity')
  expect(shown(await find({ registry: 'quay.io' }))).toBe('access/planted-access')
  expect(shown(await find({ registry: 'gcr.io' }))).toBe(`me/${SECRET}`)
  expect(shown(await find({ registry: 'r.example' }))).toBe('identity/planted-identity')
})

test('the places in their order', async () => {
  await write('.config/containers/auth.json', { auths: { 'ghcr.io': auth('podman') } })
  expect(shown(await find())).toMatch(/^podman/)
  env.XDG_RUNTIME_DIR = join(home, 'run')
  await write('run/containers/auth.json', { auths: { 'ghcr.io': auth('session') } })
  expect(shown(await find())).toMatch(/^session/)
  await write('.docker/config.json', { auths: { 'ghcr.io': auth('docker') } })
  expect(shown(await find())).toMatch(/^docker/)
  env.DOCKER_CONFIG = join(home, 'elsewhere')
  await write('elsewhere/config.json', { auths: { 'ghcr.io': auth('elsewhere') } })
  expect(shown(await find())).toMatch(/^elsewhere/)
  env.REGISTRY_AUTH_FILE = join(home, 'file.json')
  await write('file.json', { auths: { 'ghcr.io': auth('file') } })
  expect(shown(await find())).toMatch(/^file/)
  env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'ghcr.io': auth('variable') } })
  expect(shown(await find())).toMatch(/^variable/)
  const explicit = (await find({ env: { HOME: home, DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'ghcr.io': auth('config') } }) } }))!
  expect(shown(await find({ explicit }))).toMatch(/^config/)
})

test.each(['{', '[]', '"x"', '{"auths": 7}', '{"auths": {"ghcr.io": 7}}', '{"auths": {"ghcr.io": {"auth": "%%%"}}}', '{"auths": {"ghcr.io": {}}}'])('a file of %s says nothing', async (content) => {
  await mkdir(join(home, '.docker'))
  await writeFile(join(home, '.docker/config.json'), content)
  expect(await find()).toBeUndefined()
})

describe('credential helpers', () => {
  const calls = (): Promise<string> => readFile(join(home, 'calls'), 'utf8').catch(() => '')

  test('only that of the registry is run, with the registry on standard input', async () => {
    await helper('one', answer('helped'))
    await helper('other', answer('wrong'))
    await write('.docker/config.json', { credHelpers: { 'ghcr.io': 'one', 'quay.io': 'other' }, credsStore: 'other' })
    expect(shown(await find())).toBe(`helped/${SECRET}`)
    expect(await calls()).toBe(`${home}/bin/docker-credential-one get <ghcr.io>\n`)
  })

  test('the general one is asked about Docker Hub by its key', async () => {
    await helper('one', answer('<token>', 'planted-identity'))
    await write('.docker/config.json', { credsStore: 'one' })
    expect(shown(await find({ registry: 'docker.io', repository: 'library/node' }))).toBe('identity/planted-identity')
    expect(await calls()).toContain('<https://index.docker.io/v1/>')
  })

  test('it sees an environment of its own, and a cloud\'s helper that cloud\'s', async () => {
    env.AWS_REGION = 'eu-west-1'
    for (const name of ['one', 'ecr-login']) {
      await helper(name, answer('x'))
      await write('.docker/config.json', { credsStore: name })
      await find()
      const seen = await readFile(join(home, 'environment'), 'utf8')
      expect(seen).not.toContain('STRAY')
      expect(seen.includes('AWS_REGION')).toBe(name === 'ecr-login')
    }
  })

  test('one that has none leaves the word to the file', async () => {
    await helper('one', 'echo "credentials not found in native keychain"; exit 1')
    await write('.docker/config.json', { credsStore: 'one', auths: { 'ghcr.io': auth('file') } })
    expect(shown(await find())).toBe(`file/${SECRET}`)
  })

  test.each([
    ['fails', `${answer('me')}; echo ${SECRET} >&2; exit 3`, 'exit code 3'],
    ['talks nonsense', `echo ${SECRET}`, 'an answer that is not'],
  ])('one that %s is an error that shows nothing of what it said', async (_, script, why) => {
    await helper('one', script)
    await write('.docker/config.json', { credsStore: 'one' })
    const error = await find().catch((reason: unknown) => reason) as Error
    expect(error).toMatchObject({ code: 'STK4107', details: { why: expect.stringContaining(why) as string } })
    expect(JSON.stringify([error, String(error)])).not.toContain(SECRET)
  })

  test('one that is not installed, or no program\'s name, is named', async () => {
    await write('.docker/config.json', { credsStore: 'absent' })
    await expect(find()).rejects.toMatchObject({ code: 'STK4107', details: { why: expect.stringContaining('not installed') as string } })
    await write('.docker/config.json', { credsStore: '../../bin/sh' })
    await expect(find()).rejects.toMatchObject({ code: 'STK4107' })
  })

  test('one that waits for somebody is ended', async () => {
    await helper('one', 'exec sleep 600')
    await write('.docker/config.json', { credsStore: 'one' })
    await expect(find({ helperTimeout: 500 })).rejects.toMatchObject({ code: 'STK4107', details: { why: expect.stringContaining('longer than') as string } })
  })
})
