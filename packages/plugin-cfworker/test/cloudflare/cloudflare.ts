import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { etagOf, Refused, StoredWorker, type StoredBinding, type StoredVersion } from './model.ts'

/** Requests that fail, and how. */
export interface Fault {
  /** A part of `POST /workers/scripts/shop/versions`. */
  readonly request: string
  readonly status: number
  readonly code?: number
  /** How many go through first. @default 0 */
  readonly after?: number
  /** How many fail. @default all */
  readonly times?: number
  /** Seconds. */
  readonly retryAfter?: number
  /** The change is made, and the answer says that it was not. */
  readonly afterwards?: boolean
}

interface Asked {
  readonly method: string
  /** Below the account. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Buffer
  readonly type: string
}

/** An upload's fields that this stand-in knows. Another one fails the test: a newer wrangler may mean something by it. */
const METADATA = new Set([
  'main_module', 'bindings', 'compatibility_date', 'compatibility_flags', 'keep_bindings', 'annotations', 'observability', 'placement', 'limits',
  'tail_consumers', 'logpush', 'assets', 'containers',
  // When Durable Objects that run get new code: wrangler sends it since 4.164, for every Worker.
  'code_update_strategy',
])

/**
 * Cloudflare's API for Workers, as far as a release needs it: strict, with a memory. Unknown routes, fields and tokens are
 * refused and noted; secrets go in and never come out. What it answers is what the facts of wrangler 4.86 to 4.164 and Cloudflare's
 * documentation say.
 */
export class FakeCloudflare {
  readonly workers = new Map<string, StoredWorker>()
  /** `POST /workers/scripts/shop/versions`, in order. */
  readonly requests: string[] = []
  readonly violations: string[] = []
  faults: Fault[] = []
  /** Custom domains by host name, each with the Worker it leads to. */
  readonly domains = new Map<string, string>()
  /** Called before a request is answered. */
  before: (request: string) => void | Promise<void> = () => {}
  private seconds = 0

  private constructor(readonly origin: string, readonly token: string, readonly account: string, readonly close: () => Promise<void>) {}

  static async start({ token = 'canary-cloudflare-token', account = 'a'.repeat(32) }: { readonly token?: string; readonly account?: string } = {}): Promise<FakeCloudflare> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const cloudflare = new FakeCloudflare(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, token, account, async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    server.on('request', (request, response) => void cloudflare.receive(request, response))
    return cloudflare
  }

  /** Where `/health` of a Worker is answered as its live version would. */
  served(name: string): string {
    return `${this.origin}/served/${name}`
  }

  /** The requests that change something. */
  changes(): readonly string[] {
    return this.requests.filter((request) => !request.startsWith('GET '))
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.origin)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const served = /^\/served\/([^/]+)\/health$/.exec(pathname)?.[1]
    if (served !== undefined) return this.health(served, request, response)
    const [, account = '', path = ''] = /^\/accounts\/([^/]+)(\/.*)$/.exec(pathname) ?? []
    const asked: Asked = { method: request.method ?? '', path, query: searchParams, body: Buffer.concat(chunks), type: request.headers['content-type'] ?? '' }
    const line = `${asked.method} ${path}${searchParams.get('force') === 'true' ? '?force=true' : ''}`
    this.requests.push(line)
    await this.before(line)
    const refuse = (status: number, code: number, message: string, headers: Record<string, string> = {}): void => {
      this.send(response, status, { success: false, errors: [{ code, message }], messages: [], result: null }, headers)
    }
    if (request.headers.authorization !== `Bearer ${this.token}`) return refuse(403, 10000, 'Authentication error')
    if (account !== this.account) return refuse(403, 9109, 'Unauthorized to access requested resource')
    const fault = this.faultFor(line)
    if (fault !== undefined && fault.afterwards !== true) return refuse(fault.status, fault.code ?? 10013, 'an internal error', retryAfter(fault))
    try {
      const result = await this.answer(asked)
      if (fault !== undefined) return refuse(fault.status, fault.code ?? 10013, 'an internal error', retryAfter(fault))
      this.send(response, 200, { success: true, errors: [], messages: [], result })
    } catch (error) {
      if (error instanceof Refused) return refuse(error.status, error.code, error.message)
      this.violations.push(`${line}: ${(error as Error).message}`)
      refuse(500, 10001, 'this stand-in does not know that')
    }
  }

  private send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

  private faultFor(line: string): Fault | undefined {
    for (const [index, fault] of this.faults.entries()) {
      if (!line.includes(fault.request)) continue
      if ((fault.after ?? 0) > 0) {
        this.faults[index] = { ...fault, after: (fault.after ?? 0) - 1 }
        continue
      }
      if (fault.times === 0) continue
      this.faults[index] = { ...fault, times: fault.times === undefined ? undefined : fault.times - 1 }
      return fault
    }
    return undefined
  }

  private health(name: string, request: IncomingMessage, response: ServerResponse): void {
    const worker = this.workers.get(name)
    const asked = new RegExp(`${name}="([^"]+)"`).exec(String(request.headers['cloudflare-workers-version-overrides'] ?? ''))?.[1]
    const deployed = worker?.deployments[0]?.versions.some(({ version_id }) => version_id === asked) === true
    const version = deployed ? worker?.versions.find(({ id }) => id === asked) : worker?.live
    if (version === undefined) return void response.writeHead(404).end()
    const mark = JSON.parse(version.bindings.find((binding) => binding.name === 'SANTOKIT')?.text ?? '{}') as { readonly bundle?: string }
    this.send(response, 200, { status: 'ok', digest: mark.bundle })
  }

  private async answer(asked: Asked): Promise<unknown> {
    const { method, path } = asked
    if (method === 'GET' && path === '/workers/subdomain') return { subdomain: 'acme' }
    if (method === 'GET' && path === '/workers/domains') return this.domainList(asked)
    const service = /^\/workers\/services\/([^/]+)$/.exec(path)?.[1]
    if (method === 'GET' && service !== undefined) return this.service(service)
    // Newer wranglers read the Worker as a whole, of which they look at this.
    const whole = /^\/workers\/workers\/([^/]+)$/.exec(path)?.[1]
    if (method === 'GET' && whole !== undefined) return this.worker(whole)
    const [, owner = '', version = ''] = /^\/workers\/workers\/([^/]+)\/versions\/([^/]+)$/.exec(path) ?? []
    if (method === 'GET' && owner !== '') return this.wholeVersion(owner, version, asked)
    const [, name, rest = ''] = /^\/workers\/scripts\/([^/]+)(\/.*)?$/.exec(path) ?? []
    if (name === undefined) throw new Error('unknown route')
    if (method === 'PUT' && rest === '') return this.put(name, asked)
    const worker = this.workers.get(name)
    if (worker === undefined) throw new Refused(10007, 404, 'This Worker does not exist on your account.')
    return this.answerFor(worker, rest, asked)
  }

  private async answerFor(worker: StoredWorker, rest: string, asked: Asked): Promise<unknown> {
    const { method } = asked
    const [, version] = /^\/versions\/([^/]+)$/.exec(rest) ?? []
    switch (`${method} ${version === undefined ? rest : '/versions/ID'}`) {
      // Cloudflare lists the last ten.
      case 'GET /deployments': return { deployments: worker.deployments.slice(0, 10) }
      case 'POST /deployments': return this.deploy(worker, asked)
      case 'GET /versions/ID': return versionDetail(worker.versions.find(({ id }) => id === version))
      case 'POST /versions': return this.upload(worker, asked)
      case 'GET /settings': return { bindings: (worker.latest?.bindings ?? []).map(withoutSecret), compatibility_date: worker.latest?.settings.compatibility_date }
      case 'GET /secrets': return (worker.latest?.bindings ?? []).filter(({ type }) => type === 'secret_text').map(({ name, type }) => ({ name, type }))
      case 'PATCH /settings': return this.changeSettings(worker, asked)
      case 'PATCH /script-settings': return (worker.scriptSettings = JSON.parse(asked.body.toString()) as Record<string, unknown>)
      case 'GET /subdomain': return worker.subdomain
      case 'POST /subdomain': return (worker.subdomain = { ...worker.subdomain, ...JSON.parse(asked.body.toString()) as object })
      case 'PUT /routes': return (worker.routes = JSON.parse(asked.body.toString()) as unknown[])
      default: throw new Error('unknown route')
    }
  }

  private worker(name: string): unknown {
    const worker = this.workers.get(name)
    if (worker === undefined) throw new Refused(10007, 404, 'This Worker does not exist on your account.')
    return { id: worker.tag, name, subdomain: worker.subdomain, tags: [] }
  }

  /** With its code, which is left out unless it is asked for. */
  private wholeVersion(name: string, id: string, { query }: Asked): unknown {
    const version = this.workers.get(name)?.versions.find((each) => each.id === id)
    if (version === undefined) throw new Refused(10100, 404, 'workers.api.error.version_not_found')
    const { number, created_on, annotations, code } = version
    const modules = [{ name: 'worker.js', content_type: 'application/javascript+module', content_base64: Buffer.from(code).toString('base64') }]
    return { id, number, created_on, annotations, main_module: 'worker.js', ...(query.get('include') === 'modules' ? { modules } : {}) }
  }

  private domainList({ query }: Asked): unknown {
    const hostname = query.get('hostname') ?? ''
    const service = this.domains.get(hostname)
    return service === undefined ? [] : [{ hostname, service }]
  }

  private service(name: string): unknown {
    const worker = this.workers.get(name)
    if (worker === undefined) throw new Refused(10090, 404, 'workers.api.error.service_not_found')
    return { default_environment: { environment: 'production', script: { tag: worker.tag, tags: [], last_deployed_from: worker.lastDeployedFrom } } }
  }

  private async put(name: string, asked: Asked): Promise<unknown> {
    const worker = this.workers.get(name) ?? new StoredWorker(name, () => this.tick())
    const version = await this.addVersion(worker, asked)
    worker.deploy([{ version_id: version.id, percentage: 100 }], { annotations: {}, force: true })
    this.workers.set(name, worker)
    return { id: name, tag: worker.tag, etag: etagOf(version.code), deployment_id: version.id.replaceAll('-', ''), startup_time_ms: 12 }
  }

  private async upload(worker: StoredWorker, asked: Asked): Promise<unknown> {
    const version = await this.addVersion(worker, asked)
    return { id: version.id, number: version.number, startup_time_ms: 12, metadata: { has_preview: worker.subdomain.previews_enabled }, resources: { script: { etag: etagOf(version.code) } } }
  }

  private async addVersion(worker: StoredWorker, { body, type, query }: Asked): Promise<StoredVersion> {
    if (query.get('bindings_inherit') !== 'strict') throw new Error('wrangler uploads with bindings_inherit=strict')
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
    const metadata = JSON.parse(String(form.get('metadata'))) as Record<string, unknown>
    const unknown = Object.keys(metadata).filter((key) => !METADATA.has(key))
    if (unknown.length > 0) throw new Error(`unknown metadata: ${unknown.join(', ')}`)
    const { main_module, bindings, keep_bindings = [], annotations = {}, ...settings } = metadata
    const main = form.get(String(main_module))
    if (!(main instanceof Blob)) throw new Refused(10021, 400, 'no such main module')
    const notes = annotations as Record<string, string>
    if (Buffer.byteLength(notes['workers/tag'] ?? '') > 100) throw new Refused(10021, 400, 'the tag is too long')
    return worker.add({ code: await main.text(), bindings: bindings as StoredBinding[], keep: keep_bindings as string[], annotations: notes, settings })
  }

  private deploy(worker: StoredWorker, { body, query }: Asked): unknown {
    const { strategy, versions, annotations = {} } = JSON.parse(body.toString()) as { readonly strategy?: string; readonly versions: StoredWorker['deployments'][number]['versions']; readonly annotations?: Record<string, string> }
    if (strategy !== 'percentage') throw new Error('an unknown strategy')
    return worker.deploy(versions, { annotations, force: query.get('force') === 'true' })
  }

  private async changeSettings(worker: StoredWorker, { body, type }: Asked): Promise<unknown> {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
    const { bindings, annotations = {}, ...others } = JSON.parse(String(form.get('settings'))) as { readonly bindings: StoredBinding[]; readonly annotations?: Record<string, string> }
    if (Object.keys(others).length > 0) throw new Error(`unknown settings: ${Object.keys(others).join(', ')}`)
    const { latest } = worker
    const isLive = worker.deployments[0]?.versions.length === 1 && worker.deployments[0].versions[0]?.version_id === latest?.id
    if (latest === undefined || !isLive) throw new Refused(10214, 400, 'the latest version is not deployed')
    if (bindings.filter(({ text }) => text !== undefined).length > 100) throw new Refused(10021, 400, 'more than 100 secrets')
    const version = worker.add({ code: latest.code, bindings, keep: [], annotations: { ...annotations, 'workers/triggered_by': 'secret' }, settings: latest.settings })
    worker.deploy([{ version_id: version.id, percentage: 100 }], { annotations: { 'workers/triggered_by': 'secret' }, force: true })
    return { bindings: version.bindings.map(withoutSecret) }
  }

  /** Every moment comes a second after the one before. */
  private tick(): string {
    return new Date(Date.UTC(2030, 0, 1) + ++this.seconds * 1000).toISOString().replace('000Z', '123456Z')
  }
}

function versionDetail(version: StoredVersion | undefined): unknown {
  if (version === undefined) throw new Refused(10100, 404, 'workers.api.error.version_not_found')
  const { id, number, created_on, annotations, bindings, code } = version
  return { id, number, metadata: { created_on, source: 'wrangler' }, annotations, resources: { bindings: bindings.map(withoutSecret), script: { etag: etagOf(code), handlers: ['fetch'] } } }
}

function withoutSecret({ text, ...binding }: StoredBinding): StoredBinding {
  return binding.type === 'secret_text' ? binding : { ...binding, ...(text === undefined ? {} : { text }) }
}

function retryAfter({ retryAfter }: Fault): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
}
