import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { encodings } from '../../packages/core/src/secrets/encodings.ts'
import { checkout, type Checkout } from '../checkout.ts'

const STK = fileURLToPath(new URL('../../packages/core/bin/stk.mjs', import.meta.url))
const BRIDGE = fileURLToPath(new URL('../../packages/bridge/bin/santokit-bridge.mjs', import.meta.url))
const SPY = fileURLToPath(new URL('spy.cjs', import.meta.url))

/** Values that must be seen nowhere, new for each world, so that nothing else can hold them. */
export type Planted = Readonly<Record<string, string>>

/** @returns texts that are awkward in JSON, URLs and shells alike. */
export function plant(): Planted {
  const mark = (): string => randomBytes(9).toString('hex')
  return {
    // A whole URL, and its password by itself.
    DATABASE_URL: `http://127.0.0.1:9/?authToken=url-${mark()}`,
    DATABASE_TOKEN: `token "${mark()}" é\\n$HOME`,
    PLATFORM_TOKEN: `platform-${mark()}`,
    FROM_VAULT: `vault <${mark()}> & 'more'`,
    FROM_FILE: `-----BEGIN KEY-----\n${mark()}${mark()}\n-----END KEY-----`,
    IN_DOTENV: `dotenv ${mark()} #%`,
  }
}

/** A place where a planted value was found. */
export interface Found {
  readonly name: string
  readonly place: string
}

export interface CanaryRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Where planted values can be seen: in what was printed, started, written or left behind. */
  readonly found: readonly Found[]
}

export interface RunningCanary {
  readonly child: ChildProcess
  output(): string
  /** Waits for a text in what was printed. */
  shown(text: string | RegExp): Promise<void>
  /** Where planted values can be seen right now in the process table, other than where they belong. */
  processes(allowed?: RegExp): Promise<readonly Found[]>
  readonly ended: Promise<CanaryRun>
}

/** A repository with planted secrets, and all the places that a run could leave them in. */
export interface CanaryWorld {
  readonly repository: Checkout
  readonly planted: Planted
  stk(args: readonly string[], options?: RunOptions): Promise<CanaryRun>
  start(args: readonly string[], options?: RunOptions): RunningCanary
  /** The Bridge, by itself. */
  bridge(env: Record<string, string>): RunningCanary
}

export interface RunOptions {
  readonly env?: Record<string, string | undefined>
  /** Which of the processes that are started may have secrets in their environment. */
  readonly mayHave?: RegExp
}

/** Files that hold planted values because a person put them there. */
const OF_THE_PERSON = new Set(['.env', 'secrets/key'])

export async function canaryWorld(config: () => string, files: Readonly<Record<string, string>>, planted: Planted = plant()): Promise<CanaryWorld> {
  const repository = await checkout({
    'santokit.config.ts': config(), '.env': `IN_DOTENV='${planted.IN_DOTENV}'\n`, 'secrets/key': `${planted.FROM_FILE}\n`, ...files,
  })
  const aside = await mkdtemp(join(tmpdir(), 'santokit-canary-'))
  onTestFinished(() => rm(aside, { recursive: true, force: true }))
  for (const folder of ['tmp', 'home', 'spy']) await mkdir(join(aside, folder))
  const needles = needlesOf(planted)
  const places = [repository.root, join(aside, 'tmp'), join(aside, 'home')]
  // Shared with whoever else works in this checkout, and large: what is older cannot hold a value that is new.
  const cache = join(repository.root, 'node_modules/.cache/santokit')
  const born = Date.now() - 1000

  const run = (program: string, args: readonly string[], { env = {}, mayHave }: RunOptions): RunningCanary => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: repository.root, stdio: ['ignore', 'pipe', 'pipe'],
      env: defined({
        PATH: process.env.PATH, NO_COLOR: '1', CI: '1', HOME: join(aside, 'home'), TMPDIR: join(aside, 'tmp'),
        NODE_OPTIONS: `--require ${JSON.stringify(SPY)}`, STK_CANARY_SPY: join(aside, 'spy'), ...env,
      }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    const ended = new Promise<CanaryRun>((resolve, reject) => child.on('close', (code) => {
      const look = async (): Promise<CanaryRun> => ({
        code, stdout, stderr,
        found: [
          ...search(needles, Buffer.from(stdout), 'stdout'), ...search(needles, Buffer.from(stderr), 'stderr'),
          ...await spied(join(aside, 'spy'), needles, mayHave), ...(await Promise.all(places.map((place) => searchFolder(place, needles)))).flat(), ...await searchFolder(cache, needles, born),
        ],
      })
      look().then(resolve, reject)
    }))
    onTestFinished(async () => { if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await ended } })
    const output = (): string => stdout + stderr
    return {
      child, output, ended,
      shown: (text) => new Promise((resolve, reject) => {
        const look = (): void => { if (typeof text === 'string' ? output().includes(text) : text.test(output())) resolve() }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        child.on('close', () => reject(new Error(`ended without showing ${String(text)}: ${output()}`)))
        look()
      }),
      processes: (allowed) => searchProcesses(child.pid ?? 0, needles, allowed),
    }
  }
  const secretsOfEnvironment = { DATABASE_URL: planted.DATABASE_URL, DATABASE_TOKEN: planted.DATABASE_TOKEN, PLATFORM_TOKEN: planted.PLATFORM_TOKEN }
  const start: CanaryWorld['start'] = (args, options = {}) => run(STK, args, { ...options, env: { ...secretsOfEnvironment, CANARY_VAULT: planted.FROM_VAULT, ...options.env } })
  return {
    repository, planted, start,
    stk: (args, options) => start(args, options).ended,
    bridge: (env) => run(BRIDGE, [], { env }),
  }
}

type Needles = readonly { readonly name: string; readonly bytes: Buffer }[]

function needlesOf(planted: Planted): Needles {
  const parts = Object.entries(planted).flatMap(([name, value]) => [[name, value] as const, ...secretParts(value).map((part) => [name, part] as const)])
  return parts.flatMap(([name, value]) => encodings(value).map((form) => ({ name, bytes: Buffer.from(form) })))
}

/** What gives a value away without the rest of it: a URL's token, the random part. */
function secretParts(value: string): readonly string[] {
  return [...value.matchAll(/(?:url-)?[0-9a-f]{18,}/g)].map(([part]) => part)
}

function search(needles: Needles, bytes: Buffer, place: string): readonly Found[] {
  const names = new Set(needles.filter(({ bytes: needle }) => bytes.includes(needle)).map(({ name }) => name))
  return [...names].map((name) => ({ name, place }))
}

/** Every file below a folder, and what is inside of compressed ones. @param since milliseconds; older files are left out. */
async function searchFolder(folder: string, needles: Needles, since = 0): Promise<readonly Found[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const shown = path.slice(folder.length + 1)
    if (OF_THE_PERSON.has(shown)) return []
    // A file of somebody else's may be gone by now.
    const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => -1)
    if (changed < since) return []
    const bytes = await readFile(path)
    const unpacked = bytes[0] === 0x1F && bytes[1] === 0x8B ? gunzipSync(bytes) : Buffer.alloc(0)
    return [...search(needles, Buffer.from(shown), `the name of ${shown}`), ...search(needles, bytes, shown), ...search(needles, unpacked, `inside of ${shown}`)]
  }))
  return found.flat()
}

/** What the spy saw: what was started, and what was written, even if it is gone. */
async function spied(folder: string, needles: Needles, mayHave?: RegExp): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const file of await readdir(folder)) {
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>)
    for (const { started, args, env, wrote, text } of lines) {
      if (started !== undefined) {
        found.push(...search(needles, Buffer.from((args as string[]).join('\0')), `the arguments of ${started as string}`))
        if (mayHave?.test(started as string) !== true) found.push(...search(needles, Buffer.from((env as string[]).join('\0')), `the environment of ${started as string}`))
      } else {
        const bytes = Buffer.from(text as string, 'latin1')
        found.push(...search(needles, bytes, `what was written to ${wrote as string}`), ...search(needles, Buffer.from(text as string), `what was written to ${wrote as string}`))
      }
    }
    await rm(join(folder, file))
  }
  return found
}

/** The arguments of every process of this computer, and the environment of those that `parent` started. Linux only. */
async function searchProcesses(parent: number, needles: Needles, allowed?: RegExp): Promise<readonly Found[]> {
  if (!existsSync('/proc/self/environ')) return []
  const found: Found[] = []
  const parents = new Map<number, number>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const read = (pid: number, file: string): Promise<Buffer> => readFile(`/proc/${pid}/${file}`).catch(() => Buffer.alloc(0))
  for (const pid of pids) {
    const stat = (await read(pid, 'stat')).toString()
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isBelow = (pid: number): boolean => {
    for (let above = parents.get(pid); above !== undefined && above > 1; above = parents.get(above)) if (above === parent) return true
    return false
  }
  for (const pid of pids) {
    const command = await read(pid, 'cmdline')
    found.push(...search(needles, command, `the arguments of process ${pid}`))
    if (isBelow(pid) && allowed?.test(command.toString()) !== true) found.push(...search(needles, await read(pid, 'environ'), `the environment of ${command.toString().replaceAll('\0', ' ')}`))
  }
  return found
}

function defined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
