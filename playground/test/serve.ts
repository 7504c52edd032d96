import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBridge } from '@santokit/bridge/node'
import { loadSchemaAndSeed, startEmbeddedDatabases, startLocalIssuer, type TokenClaims } from '@santokit/core/dev'
import { buildProject, openLifecycle, selectProjects, writeBuild } from '@santokit/core/lifecycle'

/** A project of the playground as its users meet it: built, with databases and data, behind HTTP. */
export interface ServedProject {
  readonly url: string
  /** A token for somebody, such as `{ sub: 'ann', roles: ['admin'] }`. */
  token(claims: { sub: string; roles?: readonly string[]; audience?: string; expiresIn?: string }): Promise<string>
  /** `POST /call`. */
  call(path: string, params?: Record<string, unknown>, token?: string): Promise<Answer>
  /** Where the data of an alias is, to look at it from behind. */
  databaseUrl(alias: string): string
  close(): Promise<void>
}

export interface Answer {
  readonly status: number
  /** What a success gives. Of any type: tests say what they expect. */
  readonly data: any
  /** The problem document of a refusal. */
  readonly problem: any
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

/** Builds a project from its sources and serves it with a Bridge on databases of its own. */
export async function serveProject(name: 'shop' | 'links'): Promise<ServedProject> {
  const folder = await mkdtemp(join(tmpdir(), `playground-${name}-`))
  const cleanups: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    // As root, Postgres runs as another user, who must be able to walk into the folder.
    await chmod(folder, 0o755)
    const { signal } = new AbortController()
    const ctx = await openLifecycle({ cwd: ROOT, command: 'build', env: {}, report: () => {}, signal, interactive: false })
    cleanups.push(() => ctx.dispose())
    const [project] = selectProjects(ctx.config, [name])
    if (project === undefined) throw new Error(`There is no project ${name}.`)
    const built = await buildProject(project, ctx, [])
    const bundle = await writeBuild(built, { ...ctx, config: { ...ctx.config, outDir: join(folder, 'bundle') } }, { flat: true })

    const databases = await startEmbeddedDatabases({ projects: [project], root: ROOT, dataDir: join(folder, 'data'), env: {} })
    cleanups.push(() => databases.stop())
    await loadSchemaAndSeed({ project, databases: databases.databases(name), root: ROOT })

    const issuer = await startLocalIssuer()
    cleanups.push(() => issuer.close())
    const lines: string[] = []
    const bridge = await startBridge({
      env: {
        ...databases.settings(name), BUNDLE_PATH: bundle, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn',
        STK_DEV: '1', STK_DEV_ISSUER: issuer.url,
      },
      log: (line) => lines.push(line),
    })
    cleanups.push(() => bridge.close())

    return {
      url: bridge.url,
      token: (claims) => issuer.mint({ audience: name, ...claims } as TokenClaims),
      async call(path, params = {}, token) {
        const response = await fetch(`${bridge.url}/call`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
          body: JSON.stringify({ path, params }),
        })
        const body = (await response.json()) as { readonly data?: unknown }
        // A 500 says nothing to a client, by design; the log does.
        if (response.status >= 500) process.stderr.write(`${lines.join('\n')}\n`)
        return { status: response.status, data: body.data, problem: response.ok ? undefined : body }
      },
      databaseUrl: (alias) => {
        const found = databases.databases(name).find((database) => database.alias === alias)
        if (found === undefined) throw new Error(`${name} has no alias ${alias}.`)
        return found.url
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
