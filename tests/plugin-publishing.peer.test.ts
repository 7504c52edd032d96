import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRegistry, type Registry } from './registry.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let place: string
let registry: Registry
/** A person's project, outside of this repository. */
let project: string
/** A plugin author's packages. */
let author: string

/** In order, each on what those before it left: publishing ours, writing a plugin, publishing it, using another one. */
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'santokit-publishing-'))
  registry = await startRegistry(place)
  project = join(place, 'project')
  author = join(place, 'author')
  await mkdir(project)
  await mkdir(author)
})

afterAll(async () => {
  await registry?.stop()
  await rm(place, { recursive: true, force: true })
})

const MINUTES = 60_000

test('core and the Bridge are published, and a project installs them', { timeout: 10 * MINUTES }, async () => {
  for (const name of ['bridge', 'core']) await run('npm', ['publish'], join(ROOT, 'packages', name))
  await write(project, { 'package.json': JSON.stringify({ name: 'newcomer', private: true, type: 'module' }) })
  await run('npm', ['install', '@santokit/core', '@santokit/bridge', 'typescript@~5.9.3'], project)
  expect((await stk('--version')).trim()).toBe('0.1.0')
})

test('stk init --plugin writes a package whose tests pass as soon as it is installed', { timeout: 10 * MINUTES }, async () => {
  const plugin = join(author, 'santokit-plugin-my-parcel')
  expect(await stk('init', '--plugin', plugin)).toContain('npm test')
  await run('npm', ['install'], plugin)
  const tested = await run('npm', ['test'], plugin)
  expect(tested).toMatch(/Tests\s+\d+ passed/)
  expect(tested).not.toMatch(/failed|skipped/)
  await run('npm', ['run', 'types'], plugin)
  await packAndPublish(plugin)
})

test.each(['secrets', 'schema'])('and one of the kind %s', { timeout: 10 * MINUTES }, async (kind) => {
  const plugin = join(author, `santokit-plugin-my-${kind}`)
  await stk('init', '--plugin', plugin, '--kind', kind)
  // They need what the target needs, which is there.
  await symlink(join(author, 'santokit-plugin-my-parcel/node_modules'), join(plugin, 'node_modules'))
  // `prepublishOnly` is its tests, `prepack` its build.
  await run('npm', ['publish'], plugin)
})

test('a target from elsewhere is published, installed beside the one copy of core, and known to npm by its keyword', { timeout: 10 * MINUTES }, async () => {
  const plugin = join(author, 'santokit-plugin-folder')
  await cp(join(ROOT, 'playground/plugins/santokit-plugin-folder'), plugin, { recursive: true, filter: (path) => !/node_modules|\/dist/.test(path) })
  await symlink(join(author, 'santokit-plugin-my-parcel/node_modules'), join(plugin, 'node_modules'))
  await packAndPublish(plugin)
  await run('npm', ['install', 'santokit-plugin-folder', 'santokit-plugin-my-parcel'], project)
  expect(JSON.parse(await run('npm', ['view', 'santokit-plugin-folder', 'keywords', '--json'], project))).toContain('santokit-plugin')
  const modules = await readdir(join(project, 'node_modules'), { recursive: true })
  expect(modules.filter((path) => /(^|\/)@santokit\/core\/package\.json$/.test(path))).toEqual(['@santokit/core/package.json'])
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as { packages: Record<string, { resolved?: string }> }
  const origins = new Set(Object.values(lock.packages).flatMap(({ resolved }) => (resolved === undefined ? [] : [new URL(resolved).origin])))
  expect([...origins]).toEqual([registry.url])
})

test('it builds, releases, lists and rolls back, and a Bridge serves what is current', { timeout: 10 * MINUTES }, async () => {
  const hello = (word: string): string => `export default { access: 'public', handler: () => '${word}' }\n`
  await write(project, {
    'santokit.config.ts': config(`folder: { to: 'srv', keep: 3 }, 'my-parcel': { to: 'parcels' }`),
    'projects/shop/logic/say/hello.ts': hello('one'),
  })
  await stk('build')
  expect(await stk('release', '--yes')).toMatch(/000001 → production/)
  expect(await stk('release', '--yes')).toContain('already live')
  await write(project, { 'projects/shop/logic/say/hello.ts': hello('two') })
  expect(await stk('release', '--yes')).toMatch(/000002 → production/)
  expect((await released()).map(({ id }) => id)).toEqual(['000002', '000001'])
  expect(await served()).toBe('two')
  await stk('rollback', '--target', 'folder', '--yes')
  expect(await released()).toMatchObject([{ id: '000003', restores: '000001', live: true }, { id: '000002' }, { id: '000001' }])
  expect(await served()).toBe('one')
})

test('its options are types in santokit.config.ts, with nothing built or generated', { timeout: 10 * MINUTES }, async () => {
  /** Targets that must not compile, with what the compiler must name. */
  const wrong = [
    [`folder: { to: 'srv', kep: 3 }`, 'kep'],
    [`folder: { to: 'srv', keep: '3' }`, 'string'],
    ['folder: { keep: 3 }', 'to'],
    [`web: { type: 'foldr', to: 'www' }`, 'foldr'],
    [`'my-parcel': { too: 'parcels' }`, 'too'],
  ] as const
  await write(project, {
    'tsconfig.json': JSON.stringify({ compilerOptions: { strict: true, module: 'NodeNext', target: 'ES2022', noEmit: true }, include: ['*.ts'] }),
    'santokit.config.ts': config(`folder: { to: 'srv', keep: 3 }, web: { type: 'folder', to: 'www' }, 'my-parcel': { to: 'parcels' }`),
    ...Object.fromEntries(wrong.map(([targets], index) => [`wrong-${index}.ts`, config(targets)])),
  })
  const tsc = (...args: string[]): Promise<string> => run(process.execPath, ['node_modules/typescript/bin/tsc', '--pretty', 'false', ...args], project)
  await tsc('--noEmit', '--strict', '--target', 'ES2022', '--module', 'ESNext', '--moduleResolution', 'Bundler', 'santokit.config.ts')
  const { message } = await tsc().catch((error: Error) => error) as Error
  const errors = message.split('\n').filter((line) => line.includes('error TS'))
  expect([...new Set(errors.map((line) => line.split('(')[0]))]).toEqual(wrong.map((_, index) => `wrong-${index}.ts`))
  // And whoever does not compile is told when it is loaded.
  for (const [index, [targets, named]] of wrong.entries()) {
    expect(message.split(`wrong-${index}.ts`).slice(1).join(), targets).toContain(named)
    await write(project, { 'santokit.config.ts': config(targets) })
    await expect(stk('inspect'), targets).rejects.toThrow(/STK100[37]/)
  }
})

function config(targets: string): string {
  return `import { defineConfig } from '@santokit/core'
import folder from 'santokit-plugin-folder'
import myParcel from 'santokit-plugin-my-parcel'

export default defineConfig({
  plugins: [folder(), myParcel()],
  projects: { shop: { auth: { issuers: [] }, targets: { ${targets} } } },
})
`
}

async function released(): Promise<readonly { readonly id: string; readonly restores?: string; readonly live: boolean }[]> {
  const lines = (await stk('releases', '--target', 'folder', '--json')).trim().split('\n').map((line) => JSON.parse(line) as { type: string; id: string; live: boolean })
  return lines.filter(({ type }) => type === 'release')
}

/** What a Bridge answers that starts from what is current. */
async function served(): Promise<unknown> {
  const bridge = spawn(process.execPath, [join(project, 'node_modules/.bin/santokit-bridge')], {
    cwd: project, stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', MANIFEST_PATH: join(project, 'srv/production/current/manifest.json') },
  })
  const ended = new Promise((resolve) => bridge.on('exit', resolve))
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = ''
      bridge.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const line = text.split('\n').find((each) => each.includes('"listening"') && each.endsWith('}'))
        if (line !== undefined) resolve((JSON.parse(line) as { url: string }).url)
      })
      bridge.on('exit', (code) => reject(new Error(`the Bridge ended with ${code}\n${text}`)))
    })
    const response = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: 'say/hello' }) })
    return (await response.json() as { data: unknown }).data
  } finally {
    bridge.kill('SIGTERM')
    await ended
  }
}

/** Packs, has the package judged as the official ones are, and publishes it. */
async function packAndPublish(plugin: string): Promise<void> {
  const [{ filename, files }] = JSON.parse(await run('npm', ['pack', '--json', '--silent'], plugin)) as [{ filename: string; files: { path: string }[] }]
  const tarball = join(plugin, filename)
  const paths = files.map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']))
  expect(paths.filter((path) => /^(src|test|node_modules)\//.test(path))).toEqual([])
  await run(process.execPath, [join(ROOT, 'node_modules/publint/src/cli.js'), '--strict', tarball], plugin)
  await run(join(ROOT, 'node_modules/.bin/attw'), ['--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball], plugin)
  await run('npm', ['publish'], plugin)
}

function stk(...args: string[]): Promise<string> {
  return run(process.execPath, [join(project, 'node_modules/.bin/stk'), ...args], project)
}

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

/** @returns what it printed. @throws Error with everything it printed, unless it ended well. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, env: registry.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${code}\n${stdout}${stderr}`)
  return stdout
}
