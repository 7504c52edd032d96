import type { AuthEntry, CorsEntry, DatabaseEntry, LimitsEntry, Access, Setting } from '@santokit/bridge/manifest'
import type { SecretType } from '../secrets/secret-type.ts'

/** The config after every layer is merged, checked and filled with defaults. Frozen. */
export interface ResolvedConfig {
  /** The repository root: the folder of the config file. Absolute. */
  readonly root: string
  /** The config file. Absolute. */
  readonly file: string
  readonly environment: string
  readonly command: string
  /** Absolute. */
  readonly outDir: string
  /** Sorted by name. */
  readonly projects: readonly ResolvedProject[]
  /** Who set each leaf, by its path: `projects.shop.databases.main.pool.max` → `environment staging`. */
  readonly origins: ReadonlyMap<string, string>
  /** Files the config was read from, for reloading: config, layers, YAML and everything they import. Absolute. */
  readonly sources: readonly string[]
}

export interface ResolvedProject {
  readonly name: string
  /** Absolute. */
  readonly root: string
  readonly databases: { readonly [alias: string]: DatabaseEntry }
  readonly auth: AuthEntry
  readonly baseUrl?: string
  readonly permissions: { readonly [pattern: string]: Access }
  readonly cors?: CorsEntry
  readonly limits: LimitsEntry
  /** References by secret name. */
  readonly secrets: { readonly [name: string]: string }
  /** What was said of secrets where they are named, by name. */
  readonly declarations?: { readonly [name: string]: SecretDeclaration }
  readonly targets: readonly ResolvedTarget[]
  readonly schema?: ResolvedSchema
}

/** How `stk schema` works on a project's databases. */
export interface ResolvedSchema {
  readonly release?: 'require'
  readonly databases: { readonly [alias: string]: ResolvedSchemaDatabase }
}

export interface ResolvedSchemaDatabase {
  readonly url?: Setting
  readonly authToken?: Setting
  readonly schemas?: readonly string[]
  readonly exclude: readonly string[]
  /** Milliseconds. */
  readonly lockTimeout: number
  /** Milliseconds. */
  readonly statementTimeout: number
}

/** What a secret must look like, and what it is for. Known to `stk` alone; no manifest has it. */
export interface SecretDeclaration {
  readonly type?: SecretType
  readonly description?: string
}

export interface ResolvedTarget {
  readonly name: string
  readonly type: string
  /** Parsed by the owning plugin's schema; opaque to core. */
  readonly options: unknown
  /** The plugin that owns {@link type}. */
  readonly plugin: string
}
