/**
 * The manifest: everything a Bridge must know about one project, and nothing else. The format is owned here, written by
 * the bundler and read at boot.
 *
 * A manifest names secrets; it never holds one.
 */

/** The only manifest version this Bridge reads. It grows when an older Bridge could misread a newer manifest. */
export const MANIFEST_VERSION = 1

/** A SHA-256 content hash: `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`

/** Any value that survives a round trip through JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = { readonly [keyword: string]: Json }

/**
 * A value that is known only where the Bridge runs: the name of an environment variable, or of a file that `<NAME>_FILE`
 * points to.
 */
export interface SecretName {
  readonly secret: string
  /** An optional secret may be absent; the setting then counts as not given. */
  readonly optional?: boolean
}

/** A setting that is either written in the config or delivered by the platform. */
export type Setting = string | SecretName

/** One project, ready to serve. */
export interface Manifest {
  readonly manifestVersion: typeof MANIFEST_VERSION
  /** Hash of the canonical JSON of this manifest without this field. Covers every bundled file through {@link files}. */
  readonly digest: Digest
  /** The project's name: lower-case letters, digits and dashes. */
  readonly project: string
  /** The version of Santokit that wrote the bundle. */
  readonly generator: string
  readonly databases: { readonly [alias: string]: DatabaseEntry }
  readonly auth: AuthEntry
  readonly logic: { readonly [path: string]: LogicEntry }
  readonly cors?: CorsEntry
  readonly limits: LimitsEntry
  /** Hash of the desired schema of each alias that has one. */
  readonly schema: { readonly [alias: string]: Digest }
  /** Every secret the Bridge asks the platform for, sorted by name. */
  readonly secrets: readonly RequiredSecret[]
  /** Every bundled file by its path below `bundle/`, with what it must hash to. */
  readonly files: { readonly [path: string]: FileEntry }
  readonly runtime: RuntimeEntry
  /** Where clients find the project once released, for OpenAPI's `servers`. */
  readonly baseUrl?: string
}

export type DatabaseEntry = PostgresEntry | LibsqlEntry

export interface PostgresEntry {
  readonly driver: 'pg'
  readonly url: Setting
  /** Connections held at most; {@link PoolEntry.queue} calls may wait for one. */
  readonly pool: PoolEntry
  /** Milliseconds after which the server cancels a statement. */
  readonly statementTimeout: number
  /** Runs each call in a transaction with the caller's claims and role set locally, as PostgREST does. */
  readonly rls: boolean
  /** Named prepared statements. `false` for poolers that cannot keep them (PgBouncer before 1.21). */
  readonly prepare: boolean
}

export interface LibsqlEntry {
  readonly driver: 'libsql'
  readonly url: Setting
  readonly authToken?: Setting
  readonly statementTimeout: number
  readonly pool: PoolEntry
}

export interface PoolEntry {
  readonly max: number
  /** Calls that may wait for a connection; the next one is answered 503 `overloaded`. */
  readonly queue: number
}

export interface AuthEntry {
  /** `none` is for development only: the Bridge refuses it unless `STK_DEV=1`. */
  readonly mode: 'issuers' | 'none'
  /** Empty: nobody can authenticate, so only public logic answers. */
  readonly issuers: readonly IssuerEntry[]
}

export interface IssuerEntry {
  /** Compared exactly with the token's `iss`. */
  readonly issuer: string
  readonly audience: readonly string[]
  /** Where the keys are. Discovered from the issuer's `/.well-known/openid-configuration` if absent. */
  readonly jwksUri?: string
  /** Asymmetric algorithms only. */
  readonly algorithms: readonly string[]
  readonly claims: {
    /** The claim that holds the caller's roles (an array, or one string with roles between blanks). */
    readonly roles: string
  }
  /** Clock difference tolerated for `exp` and `nbf`, in seconds. */
  readonly clockTolerance: number
}

/** Who may call a logic: anyone, any verified caller, or a verified caller who has one of the roles. */
export type Access = 'public' | 'authenticated' | readonly string[]

export type LogicEntry = SqlLogicEntry | ModuleLogicEntry

interface LogicEntryBase {
  readonly access: Access
  /** Private logic answers other logic only, never a request. */
  readonly private: boolean
  /** Source file below the project root, for messages to its author. */
  readonly source: string
  readonly description?: string
  /** What a caller sends, as an object schema. */
  readonly params: JsonSchema
  /** What a caller gets, where it is known. */
  readonly returns?: JsonSchema
  /** Only for public logic that reads. */
  readonly cache?: CacheEntry
  /** Milliseconds after which the call is given up with 504. */
  readonly timeout?: number
}

export interface CacheEntry {
  /** Milliseconds for which an answer is fresh. */
  readonly ttl: number
  /** Milliseconds after `ttl` in which the old answer may be served while a new one is fetched. */
  readonly staleWhileRevalidate?: number
}

/** A statement compiled at build time: parameters are positions, so values can only be bound. */
export interface SqlLogicEntry extends LogicEntryBase {
  readonly kind: 'sql'
  readonly database: string
  /** The statement with `$1…` (pg) or `?1…` (libsql) in place of names. */
  readonly text: string
  /** What goes to each position, in order. */
  readonly bindings: readonly Binding[]
  readonly inputs: readonly ParamSpec[]
  readonly result: SqlResult
  /** True if the statement is known to only read (it starts with `select`, `values`, … and has no data-modifying CTE). */
  readonly readOnly: boolean
}

/**
 * How rows become `data`: all of them, exactly one, one or `null`, the first column of exactly one row, or the number
 * of rows changed.
 */
export type SqlResult = 'rows' | 'row' | 'row?' | 'value' | 'affected'

export type Binding =
  | { readonly from: 'param'; readonly name: string }
  /** A path into the verified caller: `['sub']`, `['roles']` or `['claims', 'org', 'id']`. */
  | { readonly from: 'auth'; readonly path: readonly string[] }

export type ParamType = 'string' | 'int' | 'bigint' | 'number' | 'boolean' | 'uuid' | 'date' | 'datetime' | 'json' | 'bytes'

export const PARAM_TYPES: readonly ParamType[] = [
  'string', 'int', 'bigint', 'number', 'boolean', 'uuid', 'date', 'datetime', 'json', 'bytes',
]

/** One declared parameter of a SQL logic. */
export interface ParamSpec {
  readonly name: string
  readonly type: ParamType
  /** Declared as `T[]`: the other rules then hold for each item. */
  readonly array: boolean
  readonly required: boolean
  /** Used when the caller leaves the parameter out. Never given for a required one. */
  readonly default?: Json
  readonly enum?: readonly (string | number)[]
  /** Smallest value of a number, smallest length of a string. */
  readonly min?: number
  /** Largest value of a number, largest length of a string. */
  readonly max?: number
  /** A regular expression (ECMAScript, `u` flag) a string must match as a whole or in part, as written. */
  readonly pattern?: string
  readonly description?: string
}

/** A bundled ES module whose default export is a `defineLogic` value. */
export interface ModuleLogicEntry extends LogicEntryBase {
  readonly kind: 'module'
  /** The module's path below `bundle/`. */
  readonly module: string
}

export interface CorsEntry {
  /** Exact origins, or `*` for any (then without credentials). */
  readonly origins: readonly string[]
  /** Seconds for which a browser may keep the preflight answer. */
  readonly maxAge: number
}

export interface LimitsEntry {
  /** Largest request body, in bytes. */
  readonly bodyBytes: number
  /** Deepest nesting of the request body. */
  readonly jsonDepth: number
  /** Milliseconds a call may take when its logic says nothing else. */
  readonly timeout: number
  /** Most members `params` may have. Absent: {@link DEFAULT_LIMITS}. */
  readonly params?: number
  /** Largest answer, in bytes of JSON. Absent: {@link DEFAULT_LIMITS}. */
  readonly responseBytes?: number
  /** Calls answered at once; the next one is answered 503 `overloaded`. */
  readonly concurrency: number
  /** Deepest chain of logic calling logic. */
  readonly callDepth: number
}

/** What counts for a bundle that was built before a limit was known. */
export const DEFAULT_LIMITS = { params: 100, responseBytes: 10_000_000 } as const

export interface RequiredSecret {
  readonly name: string
  readonly optional: boolean
  /** Config paths that ask for it, such as `databases.main.url`. */
  readonly usedBy: readonly string[]
}

export interface FileEntry {
  readonly digest: Digest
  readonly bytes: number
}

export interface RuntimeEntry {
  /** Node versions the bundle was built for, as a semver range. */
  readonly node: string
}
