import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import { bundleFiles, makeFolder, type TestProject, writeBundle } from './bundle.ts'

/** A Bridge in a process of its own, with nothing in its memory that belongs to the tests. */
export interface SpawnedBridge {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  /** Its log so far. */
  readonly lines: readonly Record<string, unknown>[]
  /** What it wrote to stderr so far. */
  readonly stderr: () => string
  /** The exit code, once all output has been read. */
  readonly exited: Promise<number | null>
  /** Resident memory, in bytes. Linux only. */
  rss(): number
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
let built: Promise<string> | undefined

/** The entry in one file, for a process without a loader. Bundled as what is published is, but in a second. */
function builtEntry(): Promise<string> {
  built ??= (async () => {
    const folder = await makeFolder()
    process.once('exit', () => void folder.remove())
    await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
    const outfile = join(folder.path, 'node.mjs')
    await build({
      entryPoints: [join(root, 'packages/bridge/src/node.ts')], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20',
      conditions: ['node'], mainFields: ['module', 'main'], external: ['@libsql/*', 'pg-native', 'pg-cloudflare'], logLevel: 'warning',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    })
    return outfile
  })()
  return built
}

/** Starts a Bridge for a project on a free loopback port; killed when the test is over. */
export async function spawnBridge(project: TestProject, env: Record<string, string> = {}): Promise<SpawnedBridge> {
  const entry = await builtEntry()
  const folder = await makeFolder()
  await writeBundle(folder.path, bundleFiles(project))
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', MANIFEST_PATH: join(folder.path, 'manifest.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    await folder.remove()
  })
  const lines: Record<string, unknown>[] = []
  let stderr = ''
  child.stderr.on('data', (chunk) => { stderr += String(chunk) })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = JSON.parse(line) as Record<string, unknown>
      lines.push(parsed)
      if (parsed.message === 'listening') resolve(parsed.url as string)
    })
    void exited.then((code) => reject(new Error(`It ended with ${code}. ${stderr}`)))
  })
  return {
    child, url, port: Number(new URL(url).port), lines, exited, stderr: () => stderr,
    rss: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
  }
}

/** `POST /call`, and its status and parsed body. */
export async function post({ url }: Pick<SpawnedBridge, 'url'>, path: string, params?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/call`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path, params }),
  })
  return { status: response.status, body: await response.json() }
}
