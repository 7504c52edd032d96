/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** A row whose columns are not declared. */
export type Row = { readonly [column: string]: Json }

/**
 * The logic of each project, by namespace and name. `stk sync` fills it in:
 *
 * @example
 * declare module '@santokit/client' {
 *   interface Projects { shop: { readonly orders: { readonly list: Call<{ readonly limit?: number }, readonly Row[]> } } }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by module augmentation
export interface Projects {}

/** One logic. Its params may be left out where it needs none. Rejects with a {@link CallError}. */
export type Call<Params, Result> = Record<never, never> extends Params
  ? (params?: Params, options?: CallOptions) => Promise<Result>
  : (params: Params, options?: CallOptions) => Promise<Result>

export interface ClientOptions {
  /** Where the project's Bridge is: `https://shop.example.com`, without `/call`. */
  readonly baseUrl: string
  /**
   * The caller's token, until `refreshToken` gives another; or what gives the current one before each call. Leave it out for
   * public logic.
   */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>)
  /**
   * Called once for a call whose token was refused (401). With a new token the call is made again, without one it fails.
   * Calls that fail together share one refresh, and one that was made before a refresh and fails after it takes the token that it gave.
   */
  readonly refreshToken?: () => string | undefined | Promise<string | undefined>
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Milliseconds for a call with all its retries, and with what `token` and `refreshToken` take. `0`: no limit.
   * @default 30000
   */
  readonly timeout?: number
  /**
   * How often a call that failed is made again: at once one that the Bridge refused because it was busy (nothing had run),
   * and one that is `safe` where the network or the server failed.
   * @default 2
   */
  readonly retries?: number
  /** @default the global one */
  readonly fetch?: typeof fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Instead of the client's. */
  readonly timeout?: number
  /**
   * Calling it twice does no harm, so it is made again where the outcome is unknown: no answer, 502, 503, 504.
   * @default true with `get`, else false
   */
  readonly safe?: boolean
  /** Calls with `GET`, so that caches on the way may answer. For public logic with `cache` only. */
  readonly get?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** What {@link createClient} gives: `client.orders.list({ limit: 5 })`, and `$call` for a path that is not known before. */
export type Client<Name extends keyof Projects> = Escape & ([Name] extends [never] ? Untyped : Projects[Name])

/** What is asked for beside the options where several projects are known and none is named: the compiler then shows this text. */
export type NamedProject<Name extends keyof Projects> = [Name] extends [never]
  ? [keyof Projects] extends [never] ? unknown : { readonly 'Several projects are known. Say which one: createClient<"name">({ … })': never }
  : unknown

interface Escape {
  /** Calls any path, without types: `client.$call('orders/list', { limit: 5 })`. */
  $call<Result = unknown>(path: string, params?: object, options?: CallOptions): Promise<Result>
}

/** Before `stk sync`: everything may be called, and nothing is known. */
export interface Untyped {
  (params?: object, options?: CallOptions): Promise<unknown>
  readonly [name: string]: Untyped
}

/** The project, if there is only one. */
export type OnlyProject<Name = keyof Projects> = IsUnion<Name> extends true ? never : Name & keyof Projects

type IsUnion<T, Whole = T> = [T] extends [never] ? false : T extends T ? ([Whole] extends [T] ? false : true) : never
