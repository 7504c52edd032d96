import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadSchemaAndSeed, startEmbeddedDatabases, startLocalIssuer, type DevDatabase, type TokenClaims } from '@santokit/core/dev'
import { buildProject, openLifecycle, selectProjects } from '@santokit/core/lifecycle'
import { targetContext } from '@santokit/core/testkit'
import { runWorker } from '../../../bridge/test/worker/workerd.ts'
import { packageWorker } from '../../src/bundle/package.ts'
import { workerOptions } from '../../src/options.ts'

/** A project of the playground as a Worker in workerd, on databases of its own. */
export interface PlayedWorker {
  readonly digest: string
  get(path: string): Promise<{ readonly status: number; readonly body: any }>
  call(path: string, params?: object, token?: string): Promise<{ readonly status: number; readonly data: any; readonly problem: any }>
  token(claims: { readonly sub: string; readonly roles?: readonly string[] }): Promise<string>
  close(): Promise<void>
}

/** A libSQL server that speaks HTTP. */
export interface LibsqlServer {
  readonly url: string
  stop(): Promise<void>
}

export interface PlayOptions {
  readonly startLibsql: () => Promise<LibsqlServer>
  /** Reach Postgres through a Hyperdrive binding. */
  readonly hyperdrive?: boolean
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '')
const HYPERDRIVE_ID = '0123456789abcdef0123456789abcdef'

/** Builds a project from its sources, packages it as `stk build` does, and runs `worker.js` with what `wrangler.json` says. */
export async function playWorker(name: 'shop' | 'links', { startLibsql, hyperdrive = false }: PlayOptions): Promise<PlayedWorker> {
  const cleanups: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup() }
  try {
    const folder = await mkdtemp(join(tmpdir(), `santokit-played-${name}-`))
    cleanups.push(() => rm(folder, { recursive: true, force: true }))
    // As root, Postgres runs as another user, who must be able to walk into the folder.
    await chmod(folder, 0o755)
    const ctx = await openLifecycle({ cwd: ROOT, command: 'build', env: {}, report: () => {}, signal: new AbortController().signal, interactive: false })
    cleanups.push(() => ctx.dispose())
    const [project] = selectProjects(ctx.config, [name])
    if (project === undefined) throw new Error(`There is no project ${name}`)
    const { bundle } = await buildProject(project, ctx, [])

    const settings: Record<string, string> = {}
    const databases: DevDatabase[] = []
    for (const [alias, { driver, url }] of Object.entries(project.databases)) {
      if (driver !== 'libsql' || typeof url === 'string') continue
      const server = await startLibsql()
      cleanups.push(() => server.stop())
      settings[url.secret] = server.url
      databases.push({ alias, driver, url: server.url, throwaway: true })
    }
    const embedded = await startEmbeddedDatabases({ projects: [project], root: ROOT, dataDir: join(folder, 'data'), env: settings })
    cleanups.push(() => embedded.stop())
    await loadSchemaAndSeed({ project, databases: [...databases, ...embedded.databases(name)], root: ROOT })
    const issuer = await startLocalIssuer()
    cleanups.push(() => issuer.close())

    const target = targetContext({ type: 'cfworker', project: name, root: ROOT, options: workerOptions.parse(hyperdrive ? { hyperdrive: { main: HYPERDRIVE_ID } } : {}) })
    const { files } = await packageWorker(bundle, { ...target, project })
    const text = (path: string): string => new TextDecoder().decode(files.find((file) => file.path === path)?.bytes)
    const config = JSON.parse(text('wrangler.json')) as { readonly compatibility_date: string; readonly vars: Record<string, string>; readonly hyperdrive?: readonly { readonly binding: string }[] }
    const postgres = embedded.databases(name).find(({ driver }) => driver === 'pg')
    const secrets: Record<string, string> = { ...settings, ...embedded.settings(name) }
    const hyperdrives = Object.fromEntries((config.hyperdrive ?? []).map(({ binding }) => [binding, withPassword(postgres?.url ?? '')]))
    if (hyperdrive) for (const [secret, value] of Object.entries(secrets)) if (value === postgres?.url) delete secrets[secret]
    const worker = await runWorker({
      script: text('worker.js'), compatibilityDate: config.compatibility_date, hyperdrives,
      bindings: { ...config.vars, ...secrets, LOG_LEVEL: 'warn', STK_DEV: '1', STK_DEV_ISSUER: issuer.url },
    })
    cleanups.push(() => worker.stop())
    const lines: string[] = []
    worker.readers.add((line) => lines.push(line))
    return {
      digest: bundle.digest,
      async get(path) {
        const response = await fetch(`${worker.url}${path}`)
        return { status: response.status, body: await response.json() as unknown }
      },
      async call(path, params = {}, token) {
        const response = await fetch(`${worker.url}/call`, {
          method: 'POST', headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
          body: JSON.stringify({ path, params }),
        })
        const body = await response.json() as { readonly data?: unknown }
        if (response.status >= 500) process.stderr.write(`${lines.join('\n')}\n`)
        return { status: response.status, data: body.data, problem: response.ok ? undefined : body }
      },
      token: (claims) => issuer.mint({ audience: name, ...claims } as TokenClaims),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Hyperdrive takes no URL without one. */
function withPassword(url: string): string {
  const parsed = new URL(url)
  if (parsed.password === '') parsed.password = 'unused'
  return parsed.href
}
