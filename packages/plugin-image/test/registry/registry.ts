import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { digestOf } from '../../src/registry/digest.ts'
import { missingFrom, referrersIn, repositoryIn, type Store } from './store.ts'

/** A request as the registry saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A {@link Reply} whose headers may be absent. */
interface Answer extends Omit<Reply, 'headers'> {
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** What a registry may do otherwise than the specification's examples. */
export interface Quirks {
  /** Takes a request over: gives another reply, or `hang up`; `undefined` leaves it alone. Called in order until one speaks. */
  readonly before: ((seen: Seen) => Reply | 'hang up' | undefined)[]
  /** Changes what is answered, after it took effect. */
  readonly after: ((seen: Seen, reply: Reply) => Reply | 'hang up')[]
  /** Where an upload goes on, for an upload at `path`. Default: relative. */
  location?: (path: string) => string
  hasReferrers: boolean
  hasETags: boolean
  mounts: boolean
  /** Refuses a PUT that carries a whole blob. */
  refusesWhole: boolean
  leastChunk: number
  /** The status of a PATCH that was taken. */
  patchStatus: number
  immutable: (tag: string) => boolean
  hasDigestHeader: boolean
  /** Who may come in: the `Authorization` it wants, or what to answer. */
  authorize?: (seen: Seen) => Reply | undefined
}

/** The moments of a request: its head is here, half of its body is, it took effect, its answer is sent. */
export type Moment = 'arrived' | 'halfway' | 'took effect' | 'answered'

export interface RegistryOptions {
  readonly store?: Store
  /** Called as requests go on. `halt` stops the world: from then on nothing takes effect and nobody is answered. */
  readonly onMoment?: (moment: Moment, index: number) => 'halt' | undefined
}

export interface TestRegistry {
  /** `127.0.0.1:port`, as a reference has it. */
  readonly host: string
  readonly origin: string
  readonly store: Store
  readonly seen: readonly Seen[]
  /** What a client did that the specification forbids. Tests expect none. */
  readonly violations: readonly string[]
  readonly quirks: Quirks
  /** Lets a halted world go on, without those who were connected to it. */
  resume(): Promise<void>
  close(): Promise<void>
}

const REPOSITORY = '([a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:\\/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*)'
const DIGEST = '(sha256:[0-9a-f]{64})'
const TAG = '([a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})'

/**
 * A strict, stateful registry by the OCI distribution specification 1.1: it refuses manifests that name what it does not
 * have, checks every digest and range, and writes down whatever a client must not do.
 */
export async function startRegistry({ store = new Map(), onMoment = () => undefined }: RegistryOptions = {}): Promise<TestRegistry> {
  const seen: Seen[] = []
  const violations: string[] = []
  const sessions = new Map<string, { name: string; bytes: Buffer }>()
  const quirks: Quirks = {
    before: [], after: [], hasReferrers: true, hasETags: true, mounts: true, refusesWhole: false, leastChunk: 0, patchStatus: 202, immutable: () => false, hasDigestHeader: true,
  }
  let count = 0
  let halted = false
  const isHalted = (moment: Moment, index: number): boolean => {
    if (!halted) halted = onMoment(moment, index) === 'halt'
    return halted
  }

  const routes: readonly (readonly [method: string, path: RegExp, answer: (request: Seen, ...parts: string[]) => Answer])[] = [
    ['GET', /^\/v2\/$/, () => ({ status: 200, body: '{}' })],
    ['HEAD|GET', route('blobs', DIGEST), (_, name = '', digest = '') => {
      const bytes = store.get(name)?.blobs.get(digest)
      return bytes === undefined ? failure(404, 'BLOB_UNKNOWN') : { status: 200, headers: { 'docker-content-digest': digest, 'content-type': 'application/octet-stream' }, body: bytes }
    }],
    ['POST', route('blobs/uploads/'), ({ url, body }, name = '') => {
      if (body.length > 0) violations.push('POST with a body')
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')]
      const bytes = mount === null || from === null || !quirks.mounts ? undefined : store.get(from)?.blobs.get(mount)
      if (mount !== null && bytes !== undefined) {
        repositoryIn(store, name).blobs.set(mount, bytes)
        return { status: 201, headers: { 'location': `/v2/${name}/blobs/${mount}`, 'docker-content-digest': mount } }
      }
      const id = randomUUID()
      sessions.set(id, { name, bytes: Buffer.alloc(0) })
      return { status: 202, headers: { ...place(name, id), 'range': '0-0', ...(quirks.leastChunk > 0 ? { 'oci-chunk-min-length': String(quirks.leastChunk) } : {}) } }
    }],
    ['GET', route('blobs/uploads', '([0-9a-f-]{36})'), (_, name = '', id = '') => {
      const session = sessions.get(id)
      return session?.name !== name ? failure(404, 'BLOB_UPLOAD_UNKNOWN') : { status: 204, headers: { ...place(name, id), range: rangeOf(session.bytes) } }
    }],
    ['PATCH', route('blobs/uploads', '([0-9a-f-]{36})'), ({ headers, body, url }, name = '', id = '') => {
      const session = sessions.get(id)
      if (session?.name !== name) return failure(404, 'BLOB_UPLOAD_UNKNOWN')
      checkState(url, id)
      const [, from, to] = /^(\d+)-(\d+)$/.exec(headers['content-range'] ?? '') ?? []
      if (from === undefined || to === undefined) {
        violations.push('PATCH without a content-range')
        return failure(400, 'BLOB_UPLOAD_INVALID')
      }
      if (Number(to) - Number(from) + 1 !== body.length) violations.push('PATCH whose range is not its length')
      if (Number(from) !== session.bytes.length) return { ...failure(416, 'BLOB_UPLOAD_INVALID'), headers: { ...place(name, id), range: rangeOf(session.bytes) } }
      session.bytes = Buffer.concat([session.bytes, body])
      return { status: quirks.patchStatus, headers: { ...place(name, id), range: rangeOf(session.bytes) } }
    }],
    ['PUT', route('blobs/uploads', '([0-9a-f-]{36})'), ({ url, body, headers }, name = '', id = '') => {
      const session = sessions.get(id)
      if (session?.name !== name) return failure(404, 'BLOB_UPLOAD_UNKNOWN')
      checkState(url, id)
      if (headers['content-length'] === undefined) violations.push('PUT without a content-length')
      if (quirks.refusesWhole && body.length > 0) return failure(413, 'SIZE_INVALID')
      const digest = url.searchParams.get('digest') ?? ''
      const bytes = Buffer.concat([session.bytes, body])
      if (digestOf(bytes) !== digest) return failure(400, 'DIGEST_INVALID')
      sessions.delete(id)
      repositoryIn(store, name).blobs.set(digest, bytes)
      return { status: 201, headers: { 'location': `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest } }
    }],
    ['HEAD|GET', route('manifests', `(?:${DIGEST}|${TAG})`), ({ headers }, name = '', byDigest = '', tag = '') => {
      const repository = store.get(name)
      const digest = byDigest || (repository?.tags.get(tag) ?? '')
      const manifest = repository?.manifests.get(digest)
      if (repository === undefined) return failure(404, 'NAME_UNKNOWN')
      if (manifest === undefined) return failure(404, 'MANIFEST_UNKNOWN')
      if (!(headers.accept ?? '').split(/,\s*/).includes(manifest.mediaType)) return failure(404, 'MANIFEST_UNKNOWN')
      return {
        status: 200,
        headers: { 'content-type': manifest.mediaType, ...(quirks.hasDigestHeader ? { 'docker-content-digest': digest } : {}), ...(quirks.hasETags ? { etag: `"${digest}"` } : {}) },
        body: manifest.bytes,
      }
    }],
    ['PUT', route('manifests', `(?:${DIGEST}|${TAG})`), ({ headers, body }, name = '', byDigest = '', tag = '') => {
      const repository = repositoryIn(store, name)
      const manifest = { mediaType: headers['content-type'] ?? '', bytes: body }
      const digest = digestOf(body)
      const content = JSON.parse(body.toString()) as { mediaType?: string; subject?: { digest: string } }
      if (content.mediaType !== undefined && content.mediaType !== manifest.mediaType) violations.push('a manifest whose content-type is not its media type')
      if (byDigest !== '' && byDigest !== digest) return failure(400, 'DIGEST_INVALID')
      if (missingFrom(repository, manifest).length > 0) return failure(404, 'MANIFEST_BLOB_UNKNOWN')
      const current = repository.tags.get(tag)
      if (quirks.hasETags && headers['if-match'] !== undefined && headers['if-match'] !== `"${current ?? ''}"`) return failure(412, 'PRECONDITION_FAILED')
      if (quirks.hasETags && headers['if-none-match'] === '*' && current !== undefined) return failure(412, 'PRECONDITION_FAILED')
      if (tag !== '' && current !== undefined && current !== digest && quirks.immutable(tag)) return failure(400, 'TAG_INVALID')
      repository.manifests.set(digest, manifest)
      if (tag !== '') repository.tags.set(tag, digest)
      const subject = content.subject?.digest
      return {
        status: 201,
        headers: { 'location': `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest, ...(subject !== undefined && quirks.hasReferrers ? { 'oci-subject': subject } : {}) },
      }
    }],
    ['GET', route('tags/list'), ({ url }, name = '') => {
      const repository = store.get(name)
      if (repository === undefined) return failure(404, 'NAME_UNKNOWN')
      const [n, last] = [Number(url.searchParams.get('n') ?? 1000), url.searchParams.get('last') ?? '']
      const rest = [...repository.tags.keys()].toSorted().filter((tag) => tag > last)
      const tags = rest.slice(0, n)
      const next = rest.length > n ? { link: `</v2/${name}/tags/list?n=${n}&last=${tags.at(-1)}>; rel="next"` } : {}
      return { status: 200, headers: { 'content-type': 'application/json', ...next }, body: JSON.stringify({ name, tags }) }
    }],
    ['GET', route('referrers', DIGEST), (_, name = '', digest = '') => {
      if (!quirks.hasReferrers) return failure(404, 'NOT_FOUND')
      const mediaType = 'application/vnd.oci.image.index.v1+json'
      return { status: 200, headers: { 'content-type': mediaType }, body: JSON.stringify({ schemaVersion: 2, mediaType, manifests: referrersIn(repositoryIn(store, name), digest) }) }
    }],
  ]

  function place(name: string, id: string): { readonly location: string } {
    const path = `/v2/${name}/blobs/uploads/${id}?_state=${stateOf(id)}`
    return { location: quirks.location?.(path) ?? path }
  }

  function checkState(url: URL, id: string): void {
    if (url.searchParams.get('_state') !== stateOf(id)) violations.push('an upload that lost its query')
  }

  function reply(request: Seen): Reply | 'hang up' {
    for (const quirk of quirks.before) {
      const taken = quirk(request)
      if (taken !== undefined) return taken
    }
    const denied = quirks.authorize?.(request)
    if (denied !== undefined) return denied
    for (const [methods, pattern, answer] of routes) {
      const match = pattern.exec(request.path)
      if (match === null || !methods.split('|').includes(request.method)) continue
      let given: Reply | 'hang up' = present(answer(request, ...match.slice(1)))
      for (const quirk of quirks.after) given = given === 'hang up' ? given : quirk(request, given)
      return given
    }
    violations.push(`${request.method} ${request.path} is nothing that a registry has`)
    return failure(404, 'UNSUPPORTED')
  }

  const server = createServer((incoming, outgoing) => {
    const index = count++
    const origin = originOf(server)
    void serve(incoming, outgoing, index, origin).catch(() => incoming.socket.destroy())
  })

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse, index: number, origin: string): Promise<void> {
    const url = new URL(incoming.url ?? '', origin)
    const method = incoming.method ?? ''
    const about = { method, path: url.pathname }
    if (isHalted('arrived', index)) return
    const chunks: Buffer[] = []
    const length = Number(incoming.headers['content-length'] ?? 0)
    let arrived = 0
    let isHalfway = false
    for await (const chunk of incoming) {
      chunks.push(chunk as Buffer)
      arrived += (chunk as Buffer).length
      if (!isHalfway && arrived * 2 >= length) {
        isHalfway = true
        if (isHalted('halfway', index)) return
      }
    }
    // What broke off took no effect.
    if (halted) return
    if (arrived !== length && incoming.headers['transfer-encoding'] === undefined) return
    const request: Seen = {
      ...about, url, headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])), body: Buffer.concat(chunks),
    }
    seen.push(request)
    const answer = reply(request)
    if (isHalted('took effect', index)) return
    if (answer === 'hang up') return void incoming.socket.destroy()
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body ?? Buffer.alloc(0)
    outgoing.writeHead(answer.status, { ...(answer.status === 204 ? {} : { 'content-length': String(body.length) }), ...answer.headers })
    outgoing.end(method === 'HEAD' || answer.status === 204 ? undefined : body, () => { isHalted('answered', index) })
  }

  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: new URL(originOf(server)).host, origin: originOf(server), store, seen, violations, quirks,
    async resume() {
      await Promise.all([...sockets].map((socket) => {
        const closed = once(socket, 'close')
        socket.destroy()
        return closed
      }))
      halted = false
    },
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

function present({ headers = {}, ...rest }: Answer): Reply {
  return { ...rest, headers: Object.fromEntries(Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined)) }
}

/** A refusal in the form of the specification, "Error Codes". */
export function failure(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ errors: [{ code, message: 'no', detail: {} }] }) }
}

function route(path: string, last?: string): RegExp {
  return new RegExp(`^\\/v2\\/${REPOSITORY}\\/${path.replaceAll('/', '\\/')}${last === undefined ? '' : `\\/${last}`}$`)
}

/** An opaque value with characters that a careless client would spoil. */
function stateOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 20)
}

function rangeOf(bytes: Buffer): string {
  return `0-${Math.max(0, bytes.length - 1)}`
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
