import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeBase } from '../packages/plugin-image/test/base.ts'
import { startRegistry, type TestRegistry } from '../packages/plugin-image/test/registry/registry.ts'
import { checkout, CONFIG, LIST, type Checkout } from './checkout.ts'

let registry: TestRegistry
beforeEach(async () => { registry = await startRegistry() })
afterEach(() => registry.close())

async function repository(): Promise<Checkout> {
  const made = await checkout({
    'santokit.config.ts': CONFIG
      .replace("import tarball from '@santokit/plugin-tarball'", "import image from '@santokit/plugin-image'\nimport tarball from '@santokit/plugin-tarball'")
      .replace('plugins: [tarball()]', 'plugins: [tarball(), image()]')
      .replace("targets: { tarball:", `targets: { image: { repository: '${registry.host}/acme/notes', base: 'oci:base' }, tarball:`)
      .replace(/\}\)\n$/, '  environments: { staging: {} },\n})\n'),
  })
  await writeBase(join(made.root, 'base'))
  const { spawnStk } = made
  const env = { SANTOKIT_CACHE: join(made.root, '.santokit/images') }
  return { ...made, spawnStk: (args) => spawnStk(args, env), stk: (...args) => spawnStk(args, env).ended }
}

const tags = () => registry.store.get('acme/notes')?.tags ?? new Map<string, string>()

/** Milliseconds; each of these starts `stk` several times. */
const LONG = 240_000

test('one command builds an image and makes it live; another gives it to the next environment', async () => {
  const made = await repository()
  const deployed = await made.stk('deploy', 'image', '--tag', 'notes:v1', '--yes', '--env', 'staging')
  expect(deployed.stderr).toBe('')
  expect(deployed).toMatchObject({ code: 0 })
  expect(deployed.stdout).toMatch(/✔ verify\s+image\s+digest live/)
  expect([...tags().keys()].sort()).toEqual(['staging', 'staging.releases', 'v1'])

  const planned = await made.stk('promote', '--from', 'staging', '--target', 'image', '--dry-run')
  expect(planned.stdout).toMatch(/Would make notes → image: 0001-\w+ of staging.* live in production\. Live there now: nothing\. It goes as it was built: with the settings of staging\. Nothing was changed\./)
  expect(tags().has('production')).toBe(false)
  expect(await made.stk('promote', '--from', 'staging', '--target', 'image')).toMatchObject({ code: 2 })

  const promoted = await made.stk('promote', '--from', 'staging', '--target', 'image', '--yes', '--json')
  expect(promoted).toMatchObject({ code: 0 })
  expect(promoted.events.at(-1)).toMatchObject({ type: 'result', ok: true, release: { environment: 'production', details: { tag: 'v1' } } })
  expect(tags().get('production')).toBe(tags().get('staging'))

  await made.write('notes/logic/notes/list.sql', LIST.replace('desc', 'asc'))
  expect(await made.stk('release', '--yes', '--target', 'image')).toMatchObject({ code: 0 })
  expect(tags().get('production')).not.toBe(tags().get('staging'))
  expect(await made.stk('rollback', 'v1', '--yes', '--target', 'image')).toMatchObject({ code: 0 })
  expect(tags().get('production')).toBe(tags().get('staging'))
  expect(registry.violations).toEqual([])
}, LONG)

test('flags are strict, and a target\'s help lists its own', async () => {
  const made = await repository()
  const help = await made.stk('deploy', 'image', '--help')
  expect(help.stdout).toMatch(/Flags of target "image"[\s\S]+--output WHERE[\s\S]+--update-base/)
  const misspelt = await made.stk('deploy', 'image', '--outptu', 'oci:x')
  expect(misspelt).toMatchObject({ code: 2 })
  expect(misspelt.stderr).toContain('Did you mean --output?')
  const wrong = await made.stk('deploy', 'tarball', '--tag', 'v1')
  expect(wrong).toMatchObject({ code: 2 })
  expect(wrong.stderr).toContain('--tag is not a flag of target "tarball"')
  expect(registry.seen).toEqual([])
}, LONG)

test('a build leaves a layout without the base, and writes it whole elsewhere where it is asked to', async () => {
  const made = await repository()
  const built = await made.stk('build', '--output', 'oci:whole')
  expect(built).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(await readFile(join(made.root, 'dist/notes/targets/image/oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' })
  const [ours, whole] = await Promise.all(['dist/notes/targets/image', 'whole'].map(async (folder) => JSON.parse(await readFile(join(made.root, folder, 'index.json'), 'utf8')) as unknown))
  expect(whole).toEqual(ours)
  expect(registry.seen).toEqual([])
}, LONG)

test('a tarball is promoted, too', async () => {
  const made = await repository()
  expect(await made.stk('release', '--target', 'tarball', '--yes', '--env', 'staging')).toMatchObject({ code: 0 })
  expect(await made.stk('promote', '--from', 'staging', '--to', 'production', '--target', 'tarball', '--yes')).toMatchObject({ code: 0, stderr: '' })
  const [staging, production] = await Promise.all(['staging', 'production'].map(async (name) =>
    JSON.parse(await made.read(`releases/notes/environments/${name}.json`)) as { digest: string }))
  expect(production!.digest).toBe(staging!.digest)
}, LONG)

test.each([
  [['promote'], /needs the environment to take a release from/],
  [['promote', '--from', 'staging', '--env', 'staging'], /Both environments are staging/],
  [['promote', '--from', 'staging'], /for one project and one target/],
  [['promote', '--from', 'stagin', '--target', 'tarball'], /STK1005/],
  [['promote', '--from', 'staging', '--target', 'tarball', '--yes'], /STK4004/],
])('%j says what is missing', async (args, message) => {
  const made = await repository()
  const ran = await made.stk(...args)
  expect(ran.code).not.toBe(0)
  expect(ran.stderr).toMatch(message)
  expect(await stat(join(made.root, 'releases')).catch(() => undefined)).toBeUndefined()
})
