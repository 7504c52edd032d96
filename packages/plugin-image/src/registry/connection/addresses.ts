import { BlockList, isIP } from 'node:net'
import { StkError } from '@santokit/core'
import { isLoopbackHost } from '../reference.ts'

/** Gives the addresses of a host name: `dns.lookup` with `all`. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

/**
 * Reads an address that a server gave, relative to where it gave it. `undefined` if it is none.
 *
 * A registry behind a proxy that ends TLS often thinks itself to be plain HTTP; the same host is asked as before.
 */
export function resolveAddress(text: string, from: URL): URL | undefined {
  if (!URL.canParse(text, from.href)) return undefined
  const url = new URL(text, from)
  if (from.protocol === 'https:' && url.protocol === 'http:' && url.hostname === from.hostname && (url.port === '' || url.port === from.port)) {
    url.protocol = 'https:'
    url.port = from.port
  }
  return url
}

/** Networks that are nobody's on the internet: IANA's special-purpose address registries (RFC 6890 and its updates). */
const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) PRIVATE.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [['::', 128], ['::1', 128], ['64:ff9b:1::', 48], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8]] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6')
}

/** Whether an address is of this computer or a local network. IPv4 written as IPv6 counts as what it is. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  return family === 0 || PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whether a URL's host is this computer or in a local network. A name that has no address is not: nothing can be asked there. */
async function isPrivateHost(hostname: string, lookup: Lookup): Promise<boolean> {
  if (isLoopbackHost(hostname)) return true
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0) return isPrivateAddress(literal)
  const addresses = await lookup(hostname).catch(() => [])
  return addresses.some(isPrivateAddress)
}

export interface AddressGuard {
  /**
   * Lets a registry name `url` for a token, an upload or a download, or does not.
   *
   * @throws StkError STK4108 for another host that is not HTTPS, or that is private while the registry is public
   *   (a registry must not make us ask our own network).
   */
  check(url: URL, what: string): Promise<void>
}

/** Judges the addresses that the registry at `registry` names. Asks the name service only about hosts other than the registry's. */
export function guardAddresses(registry: URL, lookup: Lookup): AddressGuard {
  const judged = new Map<string, Promise<boolean>>()
  const isPrivate = (hostname: string): Promise<boolean> => {
    const known = judged.get(hostname) ?? isPrivateHost(hostname, lookup)
    judged.set(hostname, known)
    return known
  }
  return {
    async check(url, what) {
      if (url.origin === registry.origin) return
      const refuse = (why: string): StkError => new StkError('STK4108', {
        why: `${registry.host} names ${url.host} for ${what}, ${why}.`,
        fix: 'Find out why the registry says so, before you use it again.',
      })
      if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('which is no web address')
      if (url.username !== '' || url.password !== '') throw refuse('with a user name in the address')
      if (url.protocol === 'http:' && registry.protocol === 'https:') throw refuse('over plain HTTP')
      if (await isPrivate(url.hostname) && !await isPrivate(registry.hostname)) throw refuse('an address in a private network')
    },
  }
}
