import { StkError } from '@santokit/core'

/** Where an image is: a registry, a repository in it, and perhaps a tag, a digest or both. */
export interface ImageReference {
  /** Host and port as people write it: `ghcr.io`, `localhost:5000`, `docker.io`. */
  readonly registry: string
  /** Such as `acme/shop`; with Docker Hub's `library/` where a person leaves it out. */
  readonly repository: string
  readonly tag?: string
  /** `sha256:` and 64 hexadecimal digits. It decides; a tag beside it is for people. */
  readonly digest?: string
}

/** OCI distribution specification, "Pulling manifests". */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
/** A name of labels, an IPv4 address, or an IPv6 address in brackets; perhaps a port. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/
/** The limit of many clients for registry and repository together. */
const LONGEST_NAME = 255

/** The name Docker Hub goes by; its API answers at another host, {@link apiHost}. */
export const DOCKER_HUB = 'docker.io'
const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])

/**
 * Reads `ghcr.io/acme/shop:tag@sha256:…`.
 *
 * As everywhere, the part before the first `/` is a registry if it holds a dot or a colon or is `localhost`; else the
 * image is at Docker Hub, where `node` means `library/node`.
 *
 * @throws StkError STK4106 with what is wrong about it.
 */
export function parseReference(text: string): ImageReference {
  const refuse = (why: string, fix: string): StkError => new StkError('STK4106', { why: `"${text}" ${why}.`, fix })
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw refuse('is an address, not a reference', 'Leave out what stands before the registry, such as `https://`.')
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) {
    throw refuse('has a digest that is not sha256: and 64 hexadecimal digits', 'Copy the digest as `stk releases` shows it.')
  }
  const slash = named.indexOf('/')
  const first = slash < 0 ? '' : named.slice(0, slash)
  const hasRegistry = /[.:]/.test(first) || first.toLowerCase() === 'localhost'
  const rest = hasRegistry ? named.slice(slash + 1) : named
  const colon = rest.lastIndexOf(':')
  const path = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  if (tag !== undefined && !isTag(tag)) throw refuse('has a tag that is not one', 'A tag holds letters, digits, `_`, `.` and `-`, 128 at most, and begins with none of the last two.')

  const host = hasRegistry ? first.toLowerCase() : DOCKER_HUB
  const port = HOST.exec(host)
  if (port === null || Number(port[1] ?? 1) > 65_535 || Number(port[1] ?? 1) < 1) throw refuse(`names no registry: "${first}" is not a host`, 'Write host or host:port before the first slash.')
  const registry = DOCKER_HUB_NAMES.has(host) ? DOCKER_HUB : host
  if (path !== path.toLowerCase()) throw refuse('holds capital letters', `Write ${path.toLowerCase()}: only tags may have them.`)
  if (!REPOSITORY.test(path)) throw refuse('names no repository', 'Write registry/name, such as ghcr.io/acme/shop.')
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path
  if (registry.length + repository.length + 1 > LONGEST_NAME) throw refuse('is too long', `Registry and repository have ${LONGEST_NAME} characters at most.`)
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

/** The reference as a person would write it, in full. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}

/** Where a registry's API answers: its own host, but for Docker Hub. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? 'registry-1.docker.io' : registry
}

/**
 * The origin of a registry's API. Plain HTTP for this computer and, where a person says so, for an insecure registry;
 * HTTPS for everything else.
 */
export function apiOrigin(registry: string, { insecure = false }: { readonly insecure?: boolean } = {}): URL {
  const url = new URL(`https://${apiHost(registry)}/`)
  if (insecure || isLoopbackHost(url.hostname)) url.protocol = 'http:'
  // `new URL` dropped a port 443 that now means something.
  if (url.protocol === 'http:' && registry.endsWith(':443')) url.port = '443'
  return url
}

/** Whether a URL's host name means this computer (RFC 6761 section 6.3; RFC 1122 section 3.2.1.3; RFC 4291 section 2.5.3). */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
