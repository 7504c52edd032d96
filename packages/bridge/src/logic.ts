import type { Access, Json } from './manifest/format.ts'

/**
 * A validation schema of any library that follows Standard Schema and Standard JSON Schema, such as zod 4.2 and newer.
 * The first validates calls, the second writes the manifest, OpenAPI and client types.
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>
      readonly output: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>
    } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The parsed form that a schema gives; `Record<string, never>` where a logic declares no params. */
export type Output<S> = S extends Schema<infer _Input, infer Value> ? Value : Record<string, never>

/** One row: column names to values, as `docs/types.md` maps them. */
export type Row = Record<string, unknown>

/** What can be bound to a placeholder. */
export type SqlValue = null | string | number | bigint | boolean | Date | Uint8Array | readonly SqlValue[] | { readonly [key: string]: unknown }

/** Runs statements on one database alias. Placeholders are the driver's own: `$1` for pg, `?` for libsql. */
export interface Queryable {
  /** All rows. */
  rows<T extends Row = Row>(sql: string, values?: readonly SqlValue[]): Promise<T[]>
  /** The only row, or `undefined` if there is none. More than one is an error. */
  row<T extends Row = Row>(sql: string, values?: readonly SqlValue[]): Promise<T | undefined>
  /** The first column of the only row, or `undefined` if there is none. */
  value<T = unknown>(sql: string, values?: readonly SqlValue[]): Promise<T | undefined>
  /** Runs a statement for its effect. Returns the number of rows it changed. */
  exec(sql: string, values?: readonly SqlValue[]): Promise<number>
}

/** A database alias of the project. */
export interface Database extends Queryable {
  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it throws. Within a transaction, a
   * further one is a savepoint.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/** An open transaction. Not usable once its `transaction` call has settled. */
export interface Transaction extends Database {
  /** The alias it belongs to. */
  readonly alias: string
}

/** Who calls. On public logic without a token, `sub` is `null` and there are no roles. */
export interface Caller {
  readonly sub: string | null
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** Structured logging into the Bridge's own log stream, with the request id attached. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/**
 * The project's database aliases. Any may be written, and one that the project does not have throws when it is used; a project
 * names its own by augmenting this interface.
 */
export interface Databases {
  readonly [alias: string]: Database
}

/** What a handler receives. */
export interface LogicContext<Params> {
  readonly params: Params
  readonly db: Databases
  readonly auth: Caller
  /**
   * Calls another logic of the project, private ones included, with the same caller. With `tx`, its statements on that
   * transaction's alias run inside the transaction.
   */
  call<T = unknown>(path: string, params?: Record<string, unknown>, options?: { readonly tx?: Transaction }): Promise<T>
  readonly request: {
    readonly id: string
    readonly headers: Headers
    /**
     * Headers that carry the distributed trace of this call on: `fetch(url, { headers: request.trace })`. Empty if the
     * client sent no `traceparent`, and for cached logic.
     */
    readonly trace: Readonly<Record<string, string>>
  }
  readonly log: Log
  /** Aborted when the client has gone, the call's time is over or the Bridge is stopping. */
  readonly signal: AbortSignal
}

/** A TypeScript logic, as `defineLogic` takes it. */
export interface LogicDefinition<Params extends Schema | undefined = undefined, Returns extends Schema | undefined = undefined> {
  /** @default 'authenticated' */
  readonly access?: Access
  /** One sentence for clients, OpenAPI and the explorer. */
  readonly description?: string
  /** Absent: the logic takes no parameters. */
  readonly params?: Params
  /** Checked in development, documented everywhere. */
  readonly returns?: Returns
  /** How long an answer stays fresh, such as `'30s'`, and how long after that it may still be served while a new one is fetched. Public logic only. */
  readonly cache?: string | number | { readonly ttl: string | number; readonly staleWhileRevalidate?: string | number }
  /** How long a call may take, such as `'5s'`. Default: the project's `limits.timeout`. */
  readonly timeout?: string | number
  handler(context: LogicContext<Output<Params>>): Promise<Returned<Returns>> | Returned<Returns>
}

/** What a handler must return: its `returns` schema's input, or anything JSON can hold. */
export type Returned<Returns> = Returns extends Schema<infer Input, infer _Value> ? Input : Json | void | object

/**
 * Declares a logic: `export default defineLogic({ … })` in `logic/<namespace>/<name>.ts`.
 *
 * Returns its argument; it exists for its types.
 */
export function defineLogic<Params extends Schema | undefined = undefined, Returns extends Schema | undefined = undefined>(
  definition: LogicDefinition<Params, Returns>,
): LogicDefinition<Params, Returns> {
  return definition
}

/**
 * An answer that is not a success but is no failure of the Bridge either: throw it from a handler.
 *
 * @example throw new LogicError(409, 'out_of_stock', 'Only 3 left.', { available: 3 })
 */
export class LogicError extends Error {
  override readonly name = 'LogicError'
  /** A mark that survives two copies of this class: bundles carry their own. */
  readonly isLogicError = true

  constructor(
    /** An HTTP status from 400 to 499. */
    readonly status: number,
    /** Stable, for programs: lower-case words joined by `_`. */
    readonly code: string,
    /** For people. Reaches the client as `detail`. */
    message: string,
    /** Further members of the problem document. */
    readonly extra: Readonly<Record<string, Json>> = {},
  ) {
    super(message)
  }
}
