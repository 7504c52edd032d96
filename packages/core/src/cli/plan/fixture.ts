import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { main } from '../main.ts'

/** A repository for tests, with one project and a target that keeps its releases in a file. */
export interface PlannedProject {
  readonly root: string
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
  stk(...args: readonly string[]): Promise<Ran>
  remove(): Promise<void>
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** The last JSON line of `--json`. */
  readonly result: { readonly [name: string]: any }
}

export async function makePlannedProject(): Promise<PlannedProject> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-plan-'))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  await write('santokit.config.mjs', CONFIG)
  await write('projects/shop/logic/orders/list.sql', LIST)
  await write('projects/shop/logic/orders/count.sql', '---\naccess: public\nreturns: value\n---\nselect count(*) from orders\n')
  return {
    root, write,
    read: (path) => readFile(join(root, path), 'utf8'),
    stk: (...args) => runStk(root, args),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** Runs `stk` in this process, in a folder. */
export async function runStk(root: string, args: readonly string[], env: { readonly [name: string]: string } = {}): Promise<Ran> {
  let [out, err] = ['', '']
  const code = await main(args, {
    stdout: { write: (text: string) => { out += text; return true } }, stderr: { write: (text: string) => { err += text; return true } },
    stdin: {}, env: { PATH: process.env.PATH, HOME: process.env.HOME, CI: '1', NO_COLOR: '1', ...env }, cwd: () => root, on() {}, off() {}, removeAllListeners() {}, exit() {},
  } as unknown as NodeJS.Process)
  const last = out.trim().split('\n').at(-1) ?? ''
  return { code, out, err, result: args.includes('--json') ? JSON.parse(last) as Ran['result'] : {} }
}

export const LIST = `---
access: public
cache: 30s
params:
  status: { type: string, enum: [open, paid] }
  limit: { type: int, default: 20, max: 100 }
---
select id, total from orders where status = :status limit :limit
`

/**
 * The file `platform.json` is the platform: what was released, with its manifest, and which secrets are set. A bundle is unhealthy while
 * the file `sick` names the beginning of its digest, or says `all`; a rollback fails while there is a file `stuck`, and somebody else
 * releases behind every release while there is a file `rival`.
 */
const CONFIG = `
  import { existsSync, readFileSync, writeFileSync } from 'node:fs'
  const at = (name) => new URL('./' + name, import.meta.url)
  const read = () => (existsSync(at('platform.json')) ? JSON.parse(readFileSync(at('platform.json'), 'utf8')) : { releases: [], manifests: {}, secrets: ['DATABASE_URL'] })
  const save = (platform) => writeFileSync(at('platform.json'), JSON.stringify(platform))
  const fail = (code, why) => Object.assign(new Error(why), { code })
  const any = { safeParseAsync: async (data) => ({ success: true, data }), safeParse: (data) => ({ success: true, data }) }
  const bundles = new Map()
  const live = (platform, { environment }) => platform.releases.find((release) => release.environment === environment) ?? null
  const make = (platform, ctx, more) => {
    const before = live(platform, ctx)
    const release = {
      id: 'r' + (platform.releases.length + 1), project: ctx.project.name, target: ctx.target.name, environment: ctx.environment,
      at: '2030-01-02T03:04:0' + (platform.releases.length % 10) + 'Z', ...(before === null ? {} : { previous: before.id }), ...more,
    }
    platform.releases.unshift(release)
    save(platform)
    return release
  }
  const shelf = {
    type: 'shelf', options: any,
    flags: { label: { type: 'string', value: 'TEXT', summary: 'Goes into the package' } },
    async package(bundle, ctx) {
      bundles.set(bundle.digest, bundle.manifest)
      const label = ctx.flags.label ?? ''
      const digest = label === '' ? bundle.digest : 'sha256:' + label.padEnd(64, '0')
      return { digest, files: [], meta: { bundle: bundle.digest } }
    },
    async plan(pkg, ctx) {
      const platform = read()
      const from = live(platform, ctx)
      const same = from?.digest === pkg.meta.bundle
      return {
        from, to: pkg.meta.bundle, observed: String(from?.id ?? ''), bytes: same ? 0 : 1234,
        steps: same ? [{ action: 'skip', subject: 'the shelf' }] : [{ action: 'upload', subject: 'the bundle', bytes: 1234 }, { action: from === null ? 'create' : 'update', subject: 'the shelf' }],
      }
    },
    async release(plan, pkg, ctx) {
      const platform = read()
      if (String(live(platform, ctx)?.id ?? '') !== plan.observed) throw fail('STK4003', 'moved')
      if (plan.from?.digest === plan.to) return plan.from
      platform.manifests[plan.to] = bundles.get(plan.to)
      return make(platform, ctx, { digest: plan.to })
    },
    async verify(release) {
      if (existsSync(at('rival')) && release.environment === 'production') {
        // Somebody else releases between our release and our look at it.
        make(read(), { project: { name: 'shop' }, target: { name: 'shelf' }, environment: 'production' }, { digest: 'sha256:' + '9'.repeat(64) })
        return { healthy: false, summary: 'another one is live' }
      }
      const sick = existsSync(at('sick')) ? readFileSync(at('sick'), 'utf8').trim() : ''
      const isSick = sick === 'all' || (sick !== '' && release.digest.startsWith(sick))
      return isSick ? { healthy: false, summary: '503 from /health', logs: ['starting', 'no \\u001b[2Jdatabase: '] } : { healthy: true, summary: 'digest live' }
    },
    async *releases({ environment }) { yield* read().releases.filter((release) => release.environment === environment) },
    async manifest(release) { return read().manifests[release.digest] ?? null },
    async rollback(to, ctx) {
      if (existsSync(at('stuck'))) throw new Error('the shelf is stuck')
      return make(read(), ctx, { digest: to.digest, restores: to.id })
    },
    async promote(from, source, ctx) { return make(read(), ctx, { digest: from.digest }) },
    secrets: { list: async () => read().secrets, set: async () => {} },
  }
  const { manifest: _, rollback: __, secrets: ___, ...blind } = shelf
  export default {
    plugins: [{ name: 'shelf', targets: [shelf, { ...blind, type: 'blind', flags: {} }] }],
    projects: { shop: {
      databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } },
      targets: { shelf: { room: 'attic' } },
    } },
    environments: { staging: {}, blind: { projects: { shop: { targets: { shelf: { type: 'blind' } } } } } },
  }
`
