import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An npm registry for one test. */
export interface Registry {
  /** `http://127.0.0.1:…`, without a slash at its end. */
  readonly url: string
  /** The environment in which `npm` uses this registry and no setting of the person's. */
  readonly env: NodeJS.ProcessEnv
  /** Ends the process that was started. */
  stop(): Promise<void>
}

/**
 * Starts verdaccio on a free port of this computer, with everything it keeps below `folder`. Our names are only ever looked up
 * here; everything else comes from the registry that npm is configured for.
 */
export async function startRegistry(folder: string): Promise<Registry> {
  const config = join(folder, 'verdaccio.json')
  await writeFile(config, JSON.stringify({
    self_path: config,
    configPath: config,
    storage: join(folder, 'storage'),
    auth: { htpasswd: { file: join(folder, 'htpasswd'), max_users: 10, algorithm: 'bcrypt', rounds: 4 } },
    uplinks: { upstream: { url: configuredRegistry(), maxage: '60m', timeout: '60s', max_fails: 20 } },
    packages: {
      '@santokit/*': { access: '$all', publish: '$authenticated' },
      'santokit-plugin-*': { access: '$all', publish: '$authenticated' },
      '**': { access: '$all', publish: [], proxy: 'upstream' },
    },
    log: { type: 'stdout', format: 'json', level: 'warn' },
    web: { enable: false },
    publish: { check_owners: false },
  }))
  const child = spawn(process.execPath, [fileURLToPath(new URL('registry-process.mjs', import.meta.url)), await verdaccioBin(), config], {
    cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: withoutNpmSettings(),
  })
  const ended = once(child, 'exit')
  const port = await new Promise<number>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = /^listening on (\d+)$/m.exec(text)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.on('exit', (code) => reject(new Error(`verdaccio ended with ${code}\n${text}`)))
  })
  const url = `http://127.0.0.1:${port}`
  const userconfig = join(folder, 'npmrc')
  await writeFile(userconfig, [`registry=${url}/`, `//127.0.0.1:${port}/:_authToken=${await signUp(url)}`, 'audit=false', 'fund=false', 'update-notifier=false', ''].join('\n'))
  return {
    url,
    env: { ...withoutNpmSettings(), npm_config_userconfig: userconfig, npm_config_cache: join(folder, 'npm-cache'), NO_COLOR: '1', CI: '1' },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Makes an account, as `npm adduser` does, and gives its token. */
async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}/-/user/org.couchdb.user:author`, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'author', password: 'a password for a test', type: 'user' }),
  })
  const { token } = await response.json() as { token?: string }
  if (token === undefined) throw new Error(`verdaccio answered with ${response.status}`)
  return token
}

function configuredRegistry(): string {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' })
  return stdout.trim()
}

/** What `npm run` puts into the environment would win over every file. */
function withoutNpmSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

async function verdaccioBin(): Promise<string> {
  const { stdout } = spawnSync('sh', ['-c', 'command -v verdaccio'], { encoding: 'utf8' })
  if (stdout.trim() === '') throw new Error('verdaccio is not installed: npm run test:peers')
  return realpath(stdout.trim())
}
