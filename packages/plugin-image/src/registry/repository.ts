import type { Connection } from './connection/connection.ts'

/** A repository of a registry, over a connection that several of one registry may share. */
export interface Repository {
  readonly connection: Connection
  /** Such as `acme/shop`. */
  readonly name: string
  /** What tokens allow: reading, or writing as well. */
  readonly access: 'pull' | 'push'
}

/** Opens a repository. Nothing is asked yet. */
export function openRepository(connection: Connection, name: string, access: Repository['access'] = 'push'): Repository {
  return { connection, name, access }
}

/** How a person would write it. */
export function placeOf({ connection, name }: Repository): string {
  return `${connection.registry}/${name}`
}

/** What a token for this repository has to allow: distribution, "Token Scope Documentation". */
export function scopeOf({ name, access }: Repository): string {
  return `repository:${name}:${access === 'push' ? 'pull,push' : 'pull'}`
}

/** A path of the distribution specification, below this repository. */
export function pathOf({ name }: Repository, ...rest: readonly string[]): string {
  return `/v2/${[name, ...rest].join('/')}`
}
