import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../bridge/test/postgres.ts'
import { withClient } from '../../core/src/dev/postgres/client.ts'
import { startEngine, type Engine } from './engine.ts'
import { HERE, writeNodeBase } from './node-base.ts'
import { hasProgram, run, startDistribution, type RunningRegistry } from './registry/programs.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

describe.skipIf(!hasProgram('dockerd') || !hasProgram('docker-registry') || !hasProgram('umoci'))('an image in a real engine', () => {
  let postgres: TestPostgres
  let registry: RunningRegistry
  let engine: Engine
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'santokit-engine-'))
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    await writeNodeBase(join(folder, 'base'))
    postgres = await startPostgres()
    registry = await startDistribution()
    engine = await startEngine()
    await write('package.json', '{ "type": "module" }')
    await write('santokit.config.ts', `import { defineConfig, secret } from '@santokit/core'
import image from '@santokit/plugin-image'
export default defineConfig({
  plugins: [image()],
  projects: { notes: {
    root: 'notes',
    databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } },
    targets: { image: { repository: '${registry.host}/acme/notes', base: 'oci:base', platforms: ['${HERE}'] } },
  } },
})
`)
    await release('first')
  })
  afterAll(async () => {
    await engine?.close()
    await registry?.close()
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const stk = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const child = spawn(process.execPath, [join(ROOT, 'packages/core/bin/stk.mjs'), ...args], {
      cwd: folder, env: { PATH: process.env.PATH, HOME: folder, SANTOKIT_CACHE: join(folder, 'cache'), NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += String(chunk) })
    child.stderr.on('data', (chunk: Buffer) => { output += String(chunk) })
    const [code] = await once(child, 'close') as [number]
    if (code !== 0) throw new Error(`stk ${args.join(' ')} ended with ${code}\n${output}`)
    return output
  }
  const release = async (said: string): Promise<void> => {
    await write('notes/logic/app/say.sql', `---\naccess: public\nreturns: row\n---\nselect '${said}' as said, current_database() as database\n`)
    await write('notes/logic/app/slow.sql', '---\naccess: public\nreturns: value\n---\nselect pg_sleep(1.5)::text\n')
    await stk(['deploy', 'image', '--yes'])
  }

  interface Container {
    readonly id: string
    readonly url: string
    call(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>
  }

  const start = async (image: string): Promise<Container> => {
    const port = await freePort()
    const id = await engine.docker('run', '--detach', '--network', 'host', '--read-only', '--cap-drop', 'ALL', '--env', `PORT=${port}`, '--env', 'HOST=127.0.0.1', '--env', `DATABASE_URL=${postgres.url}`, image)
    const url = `http://127.0.0.1:${port}`
    for (let healthy = false; !healthy;) {
      if (await engine.docker('inspect', '--format', '{{.State.Running}}', id) !== 'true') throw new Error(await engine.docker('logs', id))
      healthy = await fetch(`${url}/health`).then((answer) => answer.ok, () => false)
    }
    return {
      id, url,
      async call(path) {
        const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path }) })
        return { status: answer.status, body: await answer.json() as Record<string, unknown> }
      },
    }
  }
  const stop = async ({ id }: Container): Promise<string> => {
    await engine.docker('stop', '--time', '20', id)
    return engine.docker('inspect', '--format', '{{.State.ExitCode}}', id)
  }
  const PULLED = (): string => `${registry.host}/acme/notes:production`

  test('runs read-only, without capabilities and not as root, and answers from Postgres', async () => {
    await engine.docker('pull', PULLED())
    const container = await start(PULLED())
    expect(await container.call('app/say')).toEqual({ status: 200, body: { data: { said: 'first', database: 'postgres' } } })
    const pid = await engine.docker('inspect', '--format', '{{.State.Pid}}', container.id)
    expect(/^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]).toBe('65532')
    const health = await (await fetch(`${container.url}/health`)).json() as { digest: string; imageTag: string }
    expect(await engine.docker('inspect', '--format', '{{index .Config.Labels "dev.santokit.bundle"}}', container.id)).toBe(health.digest)
    expect(await stop(container)).toBe('0')
  })

  test('finishes what runs when it is told to stop, and ends by itself', async () => {
    const container = await start(PULLED())
    const slow = container.call('app/slow')
    // The statement is on its way once the server has it.
    await withClient(postgres.url, async (client) => {
      for (let running = 0; running === 0;) running = (await client.query("select 1 from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()")).rowCount ?? 0
    })
    const stopped = stop(container)
    expect(await slow).toEqual({ status: 200, body: { data: '' } })
    expect(await stopped).toBe('0')
  })

  test('a release moves the tag, and a rollback moves it back', async () => {
    const seen = async (): Promise<unknown> => {
      await engine.docker('pull', PULLED())
      const container = await start(PULLED())
      try {
        return (await container.call('app/say')).body.data
      } finally {
        await stop(container)
      }
    }
    await release('second')
    expect(await seen()).toMatchObject({ said: 'second' })
    await stk(['rollback', '--yes'])
    expect(await seen()).toMatchObject({ said: 'first' })
  })

  test('is loaded into the engine without a registry, straight and from a file', async () => {
    await write('notes/logic/app/say.sql', "---\naccess: public\nreturns: row\n---\nselect 'loaded' as said, current_database() as database\n")
    const line = await stk(['build', '--output', 'docker'], { DOCKER_HOST: engine.host })
    expect(line).toContain('is in the local engine')
    const images = (await engine.docker('image', 'ls', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}')).split('\n')
    const loaded = images.find((each) => each.includes('acme/notes:sha-'))?.split(' ') ?? []
    const container = await start(loaded[1] ?? 'nothing was loaded')
    expect((await container.call('app/say')).body).toEqual({ data: { said: 'loaded', database: 'postgres' } })
    await stop(container)

    await stk(['build', '--output', `docker-archive:${join(folder, 'image.tar')}`])
    await engine.docker('image', 'rm', '--force', loaded[0] ?? '')
    const said = await engine.docker('load', '--input', join(folder, 'image.tar'))
    expect(said).toContain('Loaded image')
    expect((await engine.docker('image', 'ls', '--no-trunc', '--quiet')).split('\n')).toContain(loaded[0])
  })

  test('umoci unpacks a layout, with the files and the process that are meant', async () => {
    await stk(['build', '--output', `oci:${join(folder, 'layout')}`])
    const { manifests } = JSON.parse(await readFile(join(folder, 'layout/index.json'), 'utf8')) as { manifests: { annotations?: Record<string, string> }[] }
    const tag = manifests[0]?.annotations?.['org.opencontainers.image.ref.name'] ?? ''
    await run('umoci', ['unpack', '--image', `${join(folder, 'layout')}:${tag}`, join(folder, 'unpacked')])
    const spec = JSON.parse(await readFile(join(folder, 'unpacked/config.json'), 'utf8')) as { process: { args: string[]; user: { uid: number }; env: string[] } }
    expect(spec.process).toMatchObject({ args: ['/nodejs/bin/node', '/app/bridge/node.mjs'], user: { uid: 65532 } })
    expect(spec.process.env).toContain('MANIFEST_PATH=/app/manifest.json')
    const manifest = JSON.parse(await readFile(join(folder, 'unpacked/rootfs/app/manifest.json'), 'utf8')) as { project: string }
    expect(manifest.project).toBe('notes')
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
