import type { Access } from '@santokit/bridge/manifest'
import type { Plugin } from '../plugin/contract.ts'
import type { MaybeSecret, SecretRef } from '../secrets/secret-ref.ts'

/** What a person writes in `santokit.config.ts`. */
export interface UserConfig {
  /** Config files or folders merged below this one, nearest first. */
  readonly extends?: string | readonly string[]
  /** Falsy entries are left out and nested lists are flattened, so that plugins can be given on a condition. */
  readonly plugins?: readonly PluginOption[]
  /** By name: lower-case letters, digits and `-`. */
  readonly projects?: { readonly [name: string]: ProjectConfig }
  /** Merged over everything else when `--env NAME` asks for it. */
  readonly environments?: { readonly [name: string]: EnvironmentConfig }
  /**
   * Where `stk build` writes, below the repository root.
   * @default 'dist'
   */
  readonly outDir?: string
}

/** An environment may set anything but plugins and further environments. */
export type EnvironmentConfig = DeepPartial<Pick<UserConfig, 'projects' | 'outDir'>>

export type PluginOption = Plugin | false | null | undefined | readonly PluginOption[]

/** One project: one manifest, one set of database aliases, one Bridge. */
export interface ProjectConfig {
  /**
   * The project's folder below the repository root, holding `logic/`, `schema/` and `config/`.
   * @default `projects/<name>`
   */
  readonly root?: string
  /** Database aliases by name. Logic says which one it means; with a single alias it need not. */
  readonly databases?: { readonly [alias: string]: DatabaseConfig }
  /** Who issues the tokens that callers bring. `'none'` switches verification off, in development only. */
  readonly auth?: AuthConfig | 'none'
  /** Where clients will find the project: for OpenAPI, Worker routes and Ingress hosts. */
  readonly baseUrl?: string
  /** Access by logic path or glob. The most specific entry wins over the file's own `access`. */
  readonly permissions?: { readonly [pattern: string]: Access }
  /** Which web pages may call, other than those of the Bridge's own origin. */
  readonly cors?: CorsConfig
  /** What one call may cost, and how many run at once. */
  readonly limits?: LimitsConfig
  /** How `stk schema` works on the databases. `'require'` is short for `{ release: 'require' }`. */
  readonly schema?: 'require' | SchemaConfig
  /** Where `stk` reads a secret's value, by name: `op://…`, `env:NAME`, `file:path`, `dotenv:path#NAME`. */
  readonly secrets?: { readonly [name: string]: string }
  /** Where the project is released to. The key is the target's name; `type` defaults to it. */
  readonly targets?: TargetsConfig
}

export type DatabaseConfig = PostgresConfig | LibsqlConfig

export interface PostgresConfig {
  /** PostgreSQL. */
  readonly driver: 'pg'
  /** `postgres://…` without a password, or a secret. */
  readonly url: MaybeSecret
  /** Connections of one Bridge. */
  readonly pool?: PoolConfig
  /**
   * After this the server cancels a statement: `'5s'`, `'500ms'` or milliseconds. `0` switches it off.
   * @default '10s'
   */
  readonly statementTimeout?: string | number
  /**
   * Each call in a transaction with the caller's claims in `request.jwt.claims` and their role set locally.
   * @default false
   */
  readonly rls?: boolean
  /**
   * Named prepared statements; `false` for PgBouncer before 1.21.
   * @default true
   */
  readonly prepare?: boolean
}

export interface LibsqlConfig {
  /** libSQL, and SQLite files. */
  readonly driver: 'libsql'
  /** `libsql://…`, `https://…`, `http://…` or `file:…`, or a secret. */
  readonly url: MaybeSecret
  /** Always a secret: what is written in the config gets into the bundle. */
  readonly authToken?: SecretRef
  /** Statements of one Bridge at a time. */
  readonly pool?: PoolConfig
  /**
   * After this a statement is given up: `'5s'`, `'500ms'` or milliseconds. `0` switches it off.
   * @default '10s'
   */
  readonly statementTimeout?: string | number
}

export interface SchemaConfig {
  /** `'require'`: `stk release` stops while a database is not what its schema files say. It never changes one itself. */
  readonly release?: 'require'
  /** What differs for one database, by its alias. */
  readonly databases?: { readonly [alias: string]: SchemaDatabaseConfig }
}

export interface SchemaDatabaseConfig {
  /** How `stk schema` gets in, where that is another role than the Bridge's. @default the alias's own `url` */
  readonly url?: MaybeSecret
  /** libsql: the token to get in with. @default the alias's own `authToken` */
  readonly authToken?: SecretRef
  /**
   * pg: the schemas that the files manage. Others are never touched.
   * @default ['public']
   */
  readonly schemas?: readonly string[]
  /** Names that the files do not manage, with `*` for any characters: `audit_*`, `public.spatial_ref_sys`. */
  readonly exclude?: readonly string[]
  /**
   * pg: how long a statement may wait for a lock, since whoever comes after it waits, too. `0`: for ever.
   * @default '5s'
   */
  readonly lockTimeout?: string | number
  /**
   * pg: how long a statement may run. `0`: for ever.
   * @default 0
   */
  readonly statementTimeout?: string | number
}

export interface PoolConfig {
  /**
   * Connections, or statements, at once.
   * @default 10
   */
  readonly max?: number
  /**
   * Calls that may wait for a connection before the next is refused with 503.
   * @default 100
   */
  readonly queue?: number
}

export interface AuthConfig {
  /** Those whose tokens are accepted. With none, only public logic answers. */
  readonly issuers: readonly IssuerConfig[]
}

export interface IssuerConfig {
  /** The exact `iss` of the tokens: `https://…`, or `http://` on this computer. Its discovery document names the keys. */
  readonly issuer: string
  /** Accepted `aud` values. */
  readonly audience: string | readonly string[]
  /** Where the keys are, if the issuer has no discovery document. */
  readonly jwksUri?: string
  /**
   * Signature algorithms accepted, all of them asymmetric.
   * @default ['RS256', 'ES256', 'EdDSA']
   */
  readonly algorithms?: readonly string[]
  readonly claims?: {
    /**
     * The claim with the caller's roles.
     * @default 'roles'
     */
    readonly roles?: string
  }
  /**
   * Seconds of clock difference tolerated, 60 at most.
   * @default 5
   */
  readonly clockTolerance?: number
}

export interface CorsConfig {
  /** Exact origins as browsers send them, `'https://shop.example.com'`, or `'*'`. */
  readonly origins: string | readonly string[]
  /**
   * How long a browser may keep the preflight answer: `'10m'` or, as in its header, seconds.
   * @default '10m'
   */
  readonly maxAge?: string | number
}

export interface LimitsConfig {
  /**
   * Largest request body: `'512kB'`, `'2MiB'` or bytes.
   * @default '1MB'
   */
  readonly body?: string | number
  /**
   * Deepest nesting of a body.
   * @default 32
   */
  readonly jsonDepth?: number
  /**
   * Most parameters a call may bring.
   * @default 100
   */
  readonly params?: number
  /**
   * Largest answer: `'512kB'`, `'20MiB'` or bytes. A larger one is answered 500 `response_too_large`.
   * @default '10MB'
   */
  readonly response?: string | number
  /**
   * How long a call may take, unless its logic says otherwise. Past it: 504.
   * @default '30s'
   */
  readonly timeout?: string | number
  /**
   * Calls at once; the next is answered 503.
   * @default 1000
   */
  readonly concurrency?: number
  /**
   * Deepest chain of logic that calls logic.
   * @default 16
   */
  readonly callDepth?: number
}

/**
 * Options of each target type. A plugin adds its own:
 *
 * @example
 * declare module '@santokit/core' {
 *   interface TargetTypes { tarball: TarballOptions }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by module augmentation
export interface TargetTypes {}

/**
 * Targets by name. A key that is itself a target type takes that type's options, and need not repeat the type; any other
 * key names its `type`.
 */
export type TargetsConfig =
  & { readonly [Type in keyof TargetTypes]?: { readonly type?: Type } & TargetTypes[Type] }
  & { readonly [name: string]: UntypedTarget | TargetConfig | undefined }

/** A target that names its type. */
export type TargetConfig = { readonly [Type in keyof TargetTypes]: { readonly type: Type } & TargetTypes[Type] }[keyof TargetTypes]

/** A target whose type is its name. A type cannot see under which key it stands; where it is none, the loader says so. */
type UntypedTarget = { readonly [Type in keyof TargetTypes]: { readonly type?: undefined } & TargetTypes[Type] }[keyof TargetTypes]

export type DeepPartial<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> }
      : T

/** What a config function is told. */
export interface ConfigEnv {
  /** The verb that runs: `build`, `release`, `dev`, … */
  readonly command: string
  /** `--env` or `STK_ENV`; `production` when neither is given. */
  readonly environment: string
}

/** What `santokit.config.ts` may export. */
export type ConfigExport = UserConfig | ((env: ConfigEnv) => UserConfig | Promise<UserConfig>)
