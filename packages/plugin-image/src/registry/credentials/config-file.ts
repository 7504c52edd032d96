import { SecretValue } from '@santokit/core'
import * as z from 'zod/mini'
import { DOCKER_HUB } from '../reference.ts'
import type { Credential } from './credential.ts'

const text = z.catch(z.optional(z.string()), undefined)
const entry = z.object({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text })

/** What docker's `config.json` and podman's `auth.json` say about registries. An entry that makes no sense is passed over. */
const configFile = z.object({
  auths: z.catch(z.optional(z.record(z.string(), z.catch(entry, {}))), undefined),
  credsStore: text,
  credHelpers: z.catch(z.optional(z.record(z.string(), z.string())), undefined),
})

export type ConfigFile = z.infer<typeof configFile>

/** Reads a config file. `undefined` if it is no JSON object. */
export function parseConfigFile(content: string): ConfigFile | undefined {
  try {
    return configFile.safeParse(JSON.parse(content)).data
  } catch {
    return undefined
  }
}

/** The key of Docker Hub, since its first API: docker/cli, `cli/config/credentials`. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/'

/** What a helper is asked for: the registry's host, and for Docker Hub its key. */
export function helperKey(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry
}

/** The program that holds a registry's credentials, if the file names one: a registry's own before the general one. */
export function helperOf(file: ConfigFile, registry: string): string | undefined {
  const helpers = file.credHelpers ?? {}
  const key = [helperKey(registry), registry, ...(registry === DOCKER_HUB ? ['index.docker.io', 'registry-1.docker.io'] : [])]
    .find((candidate) => Object.hasOwn(helpers, candidate))
  const named = key === undefined ? file.credsStore : helpers[key]
  return named === '' ? undefined : named
}

/**
 * The credentials that stand in the file itself: those of the longest namespace that the repository is in, as podman
 * writes them (`quay.io/acme`), then those of the registry, with or without `https://` and `/v1/` about it.
 */
export function inlineCredential(file: ConfigFile, registry: string, repository: string): Credential | undefined {
  const auths = new Map(Object.entries(file.auths ?? {}).map(([key, value]) => [normalKey(key), value]))
  const steps = repository.split('/')
  const keys = [...steps.map((_, index) => `${registry}/${steps.slice(0, steps.length - index).join('/')}`), registry]
  for (const key of keys) {
    const found = auths.get(key)
    const credential = found === undefined ? undefined : credentialOf(found)
    if (credential !== undefined) return credential
  }
  return undefined
}

/** `https://index.docker.io/v1/` and `docker.io` are one registry; so are `https://ghcr.io/v2/` and `ghcr.io`. */
function normalKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
  const [host = '', ...path] = bare.split('/')
  const registry = ['index.docker.io', 'registry-1.docker.io', DOCKER_HUB].includes(host.toLowerCase()) ? DOCKER_HUB : host.toLowerCase()
  return [registry, ...path].join('/')
}

function credentialOf({ auth, username, password, identitytoken, registrytoken }: z.infer<typeof entry>): Credential | undefined {
  if (identitytoken) return { kind: 'identity', token: new SecretValue(identitytoken) }
  if (registrytoken) return { kind: 'access', token: new SecretValue(registrytoken) }
  if (auth) {
    // docker pads with zero bytes; a password may hold colons, a user name none.
    const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = decoded.indexOf(':')
    return colon < 0 ? undefined : signIn(decoded.slice(0, colon), decoded.slice(colon + 1))
  }
  return username && password ? signIn(username, password) : undefined
}

/** What a user name and a secret mean: `<token>` says that the secret is an identity token (docker/docker-credential-helpers). */
export function signIn(username: string, secret: string): Credential | undefined {
  if (secret === '') return undefined
  if (username === '<token>') return { kind: 'identity', token: new SecretValue(secret) }
  return { kind: 'password', username, password: new SecretValue(secret) }
}
