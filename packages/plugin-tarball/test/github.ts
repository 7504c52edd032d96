import { createHash, randomUUID } from 'node:crypto'
import { startServer, type Reply, type Request, type RunningServer } from './server.ts'

export interface GitHubServer extends RunningServer {
  readonly apiUrl: string
  readonly releases: Map<number, StoredRelease>
  readonly refs: Map<string, string>
  /** Where assets are redirected to: another host, which must never see a token. */
  readonly storage: RunningServer
  /** Whether assets are hashed, as github.com does and older Enterprise servers do not. */
  hashesAssets: boolean
  /** Whether published releases refuse changes to their assets. */
  immutableReleases: boolean
  /** Leaves the next upload half done: an asset in the state `starter`, and a 502. */
  breakNextUpload: boolean
}

interface StoredRelease {
  readonly id: number
  readonly tag_name: string
  draft: boolean
  readonly assets: StoredAsset[]
  makeLatest?: string
}

interface StoredAsset {
  readonly id: number
  readonly name: string
  state: 'uploaded' | 'starter'
  bytes: Buffer
}

interface StoredCommit {
  readonly sha: string
  readonly message: string
  readonly parents: readonly { readonly sha: string }[]
}

export interface GitHubOptions {
  readonly repository: string
  readonly token: string
}

/**
 * A stand-in for the REST API of GitHub, strict and with a memory: only the routes below exist, each needs the token,
 * tags and asset names are unique, a ref moves forward only, and content is served by another host.
 */
export async function startGitHub({ repository, token }: GitHubOptions): Promise<GitHubServer> {
  const releases = new Map<number, StoredRelease>()
  const refs = new Map<string, string>()
  const trees = new Set<string>()
  const commits = new Map<string, StoredCommit>()
  const signed = new Map<string, Buffer>()
  let lastId = 1000
  const nextId = (): number => ++lastId

  const storage = await startServer((request) => {
    if (request.headers.authorization !== undefined) return { status: 400, body: 'Only one auth mechanism allowed' }
    const bytes = signed.get(request.url.search)
    return bytes === undefined ? { status: 403 } : { status: 200, body: bytes }
  })

  const findAsset = (id: number) => [...releases.values()].flatMap((release) => release.assets.map((asset) => ({ release, asset }))).find(({ asset }) => asset.id === id)
  const shownAsset = ({ id, name, state, bytes }: StoredAsset): object => ({
    id, name, state, size: bytes.length, ...(github.hashesAssets && state === 'uploaded' ? { digest: `sha256:${hash('sha256', bytes)}` } : { digest: null }),
  })
  const shownRelease = (release: StoredRelease): object => ({
    id: release.id, tag_name: release.tag_name, draft: release.draft, assets: release.assets.map(shownAsset),
    upload_url: `${github.origin}/uploads/repos/${repository}/releases/${release.id}/assets{?name,label}`,
  })
  const isLocked = (release: StoredRelease): boolean => github.immutableReleases && !release.draft
  const descends = (sha: string | undefined, from: string | undefined): boolean => {
    for (let at = sha; at !== undefined; at = commits.get(at)?.parents[0]?.sha) if (at === from) return true
    return false
  }

  const routes: readonly (readonly [method: string, path: RegExp, handle: (params: readonly string[], request: Request) => Reply])[] = [
    ['GET', /^$/, () => json(200, { full_name: repository })],
    ['GET', /^\/releases\/tags\/([^/]+)$/, ([tag]) => {
      const found = [...releases.values()].find((release) => release.tag_name === tag && !release.draft)
      return found === undefined ? notFound() : json(200, shownRelease(found))
    }],
    ['GET', /^\/releases$/, () => json(200, [...releases.values()].reverse().map(shownRelease))],
    ['POST', /^\/releases$/, (_, request) => {
      const { tag_name, draft } = body(request) as { readonly tag_name: string; readonly draft: boolean }
      const release = { id: nextId(), tag_name, draft, assets: [] }
      releases.set(release.id, release)
      return json(201, shownRelease(release))
    }],
    ['PATCH', /^\/releases\/(\d+)$/, ([id], request) => {
      const release = releases.get(Number(id))
      const { draft, make_latest } = body(request) as { readonly draft: boolean; readonly make_latest?: string }
      if (release === undefined) return notFound()
      if ([...releases.values()].some((other) => other !== release && !other.draft && other.tag_name === release.tag_name)) return invalid('Release', 'tag_name')
      release.draft = draft
      release.makeLatest = make_latest
      return json(200, shownRelease(release))
    }],
    ['DELETE', /^\/releases\/(\d+)$/, ([id]) => (releases.delete(Number(id)) ? { status: 204 } : notFound())],
    ['GET', /^\/releases\/(\d+)\/assets$/, ([id]) => {
      const release = releases.get(Number(id))
      return release === undefined ? notFound() : json(200, release.assets.map(shownAsset))
    }],
    ['GET', /^\/releases\/assets\/(\d+)$/, ([id], request) => {
      const found = findAsset(Number(id))
      if (found === undefined) return notFound()
      if (request.headers.accept !== 'application/octet-stream') return json(200, shownAsset(found.asset))
      const signature = `?signature=${randomUUID()}`
      signed.set(signature, found.asset.bytes)
      return { status: 302, headers: { location: `${storage.origin}/asset${signature}` } }
    }],
    ['DELETE', /^\/releases\/assets\/(\d+)$/, ([id]) => {
      const found = findAsset(Number(id))
      if (found === undefined) return notFound()
      if (isLocked(found.release)) return invalid('ReleaseAsset', 'release')
      found.release.assets.splice(found.release.assets.indexOf(found.asset), 1)
      return { status: 204 }
    }],
    ['POST', /^\/git\/trees$/, (_, request) => {
      const { tree } = body(request) as { readonly tree: readonly { readonly path: string; readonly mode: string; readonly type: string; readonly content: string }[] }
      if (!tree.every((entry) => entry.mode === '100644' && entry.type === 'blob')) return invalid('Tree', 'tree')
      const sha = hash('sha1', JSON.stringify(tree))
      trees.add(sha)
      return json(201, { sha })
    }],
    ['POST', /^\/git\/commits$/, (_, request) => {
      const { message, tree, parents } = body(request) as { readonly message: string; readonly tree: string; readonly parents: readonly string[] }
      if (!trees.has(tree) || !parents.every((parent) => commits.has(parent))) return invalid('Commit', 'tree')
      const sha = hash('sha1', `${randomUUID()}${message}`)
      commits.set(sha, { sha, message, parents: parents.map((parent) => ({ sha: parent })) })
      return json(201, { sha })
    }],
    ['GET', /^\/git\/commits\/([0-9a-f]{40})$/, ([sha = '']) => (commits.has(sha) ? json(200, commits.get(sha)) : notFound())],
    ['GET', /^\/git\/ref\/(.+)$/, ([name]) => (refs.has(`refs/${name}`) ? json(200, { ref: `refs/${name}`, object: { type: 'commit', sha: refs.get(`refs/${name}`) } }) : notFound())],
    ['POST', /^\/git\/refs$/, (_, request) => {
      const { ref, sha } = body(request) as { readonly ref: string; readonly sha: string }
      if (refs.has(ref)) return json(422, { message: 'Reference already exists' })
      if (!/^refs\/[^/]+\/.+$/.test(ref) || !commits.has(sha)) return invalid('Reference', 'sha')
      refs.set(ref, sha)
      return json(201, { ref, object: { type: 'commit', sha } })
    }],
    ['PATCH', /^\/git\/refs\/(.+)$/, ([name], request) => {
      const { sha, force } = body(request) as { readonly sha: string; readonly force: boolean }
      if (!refs.has(`refs/${name}`)) return json(422, { message: 'Reference does not exist' })
      if (!force && !descends(sha, refs.get(`refs/${name}`))) return json(422, { message: 'Update is not a fast forward' })
      refs.set(`refs/${name}`, sha)
      return json(200, { ref: `refs/${name}`, object: { type: 'commit', sha } })
    }],
  ]

  const upload = (id: number, request: Request): Reply => {
    const release = releases.get(id)
    const name = request.url.searchParams.get('name') ?? ''
    if (release === undefined) return notFound()
    if (isLocked(release)) return invalid('ReleaseAsset', 'release')
    if (release.assets.some((asset) => asset.name === name)) return invalid('ReleaseAsset', 'name')
    const broken = github.breakNextUpload
    github.breakNextUpload = false
    const asset: StoredAsset = { id: nextId(), name, state: broken ? 'starter' : 'uploaded', bytes: broken ? Buffer.alloc(0) : request.body }
    release.assets.push(asset)
    return broken ? { status: 502 } : json(201, shownAsset(asset))
  }

  const server = await startServer((request) => {
    if (request.headers.authorization !== `Bearer ${token}`) return json(401, { message: 'Bad credentials' })
    if (request.headers['user-agent'] === undefined) return json(403, { message: 'Request forbidden by administrative rules.' })
    const [, uploadId] = new RegExp(`^/uploads/repos/${repository}/releases/(\\d+)/assets$`).exec(request.url.pathname) ?? []
    if (uploadId !== undefined && request.method === 'POST') return upload(Number(uploadId), request)
    const prefix = `/repos/${repository}`
    if (!request.url.pathname.startsWith(prefix)) return notFound()
    const path = request.url.pathname.slice(prefix.length)
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method ? pattern.exec(path) : null
      if (match !== null) return handle(match.slice(1), request)
    }
    return notFound()
  })

  const github: GitHubServer = {
    ...server,
    apiUrl: server.origin,
    releases, refs, storage,
    hashesAssets: true,
    immutableReleases: false,
    breakNextUpload: false,
    async close() {
      await server.close()
      await storage.close()
    },
  }
  return github
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function notFound(): Reply {
  return json(404, { message: 'Not Found' })
}

function invalid(resource: string, field: string): Reply {
  return json(422, { message: 'Validation Failed', errors: [{ resource, code: 'already_exists', field }] })
}

function body(request: Request): unknown {
  return JSON.parse(request.body.toString())
}

function hash(algorithm: string, content: string | Uint8Array): string {
  return createHash(algorithm).update(content).digest('hex')
}
