import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const STK = join(ROOT, 'packages/core/bin/stk.mjs')

/** A small repository of a user's, with Santokit installed. */
export interface Checkout {
  readonly root: string
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
  remove(path: string): Promise<void>
  /** Every file but those of `node_modules` and caches, with its content. */
  files(): Promise<Record<string, string>>
  stk(...args: string[]): Promise<Ran>
  /** The same, not waited for. */
  spawnStk(args: readonly string[], env?: Record<string, string>): Running
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The JSON lines of `--json`. */
  readonly events: readonly Record<string, unknown>[]
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  output(): string
}

export const CONFIG = `import { defineConfig, secret } from '@santokit/core'
import tarball from '@santokit/plugin-tarball'

export default defineConfig({
  plugins: [tarball()],
  projects: {
    notes: {
      root: 'notes',
      databases: { main: { driver: 'libsql', url: secret('DATABASE_URL') } },
      targets: { tarball: { to: 'file:releases' } },
    },
  },
})
`

export const LIST = `---
access: public
params:
  limit: { type: int, default: 20, max: 100 }
---
select id, text from notes order by id desc limit :limit
`

export const ADD = `import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'

export default defineLogic({
  access: 'public',
  params: z.object({ text: z.string().min(1) }),
  async handler({ params, db }) {
    return { changed: await db.main.exec('insert into notes (text) values (?)', [params.text]) }
  },
})
`

/** Makes a checkout with one project, `notes`, that builds. It is removed when the test ends. */
export async function checkout(files: Record<string, string> = {}, place = tmpdir()): Promise<Checkout> {
  const root = await mkdtemp(join(place, 'santokit-checkout-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const all: Record<string, string> = {
    'santokit.config.ts': CONFIG, 'package.json': '{ "type": "module" }', 'notes/logic/notes/list.sql': LIST, 'notes/logic/notes/add.ts': ADD, ...files,
  }
  for (const [path, text] of Object.entries(all)) await write(path, text)
  const spawnStk: Checkout['spawnStk'] = (args, env = {}) => {
    const child = spawn(process.execPath, [STK, ...args], {
      cwd: root, env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', CI: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({
      code, stdout, stderr,
      events: args.includes('--json') ? stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) : [],
    })))
    return { child, ended, output: () => stdout + stderr }
  }
  return {
    root, write,
    read: (path) => readFile(join(root, path), 'utf8'),
    remove: (path) => rm(join(root, path), { recursive: true, force: true }),
    async files() {
      const found = await readdir(root, { recursive: true, withFileTypes: true })
      const paths = found.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name).slice(root.length + 1))
      const kept = paths.filter((path) => !/^(node_modules|\.santokit)\//.test(path)).sort()
      return Object.fromEntries(await Promise.all(kept.map(async (path) => [path, await readFile(join(root, path), 'latin1')])))
    },
    stk: (...args) => spawnStk(args).ended,
    spawnStk,
  }
}
