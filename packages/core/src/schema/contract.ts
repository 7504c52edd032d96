import type { SecretValue } from '../secrets/secret-value.ts'

/**
 * Finds out what has to be done to a database so that its schema is what the sources say.
 *
 * That is all an engine does, since it is all in which engines differ. Reading the live schema, judging risks, approval,
 * staleness, locking, running the statements and verifying are core's, and the same for every engine: what was approved is
 * exactly what runs.
 *
 * An engine only ever reads the database it is given. It uses `inspectSchema` and `loadSqlSources` of `@santokit/core/schema`.
 */
export interface SchemaEngine {
  /** Unique among plugins: `atlas`. */
  readonly name: string
  /** Whether it can plan these sources for this driver. Asks nobody. */
  supports(subject: SchemaSubject): boolean
  /**
   * Says which version of its tool it found, and what that can do. Called before {@link plan} and {@link load}.
   *
   * @throws StkError STK6002 when the tool is missing or too old, with how to install it.
   */
  preflight?(ctx: SchemaContext): Promise<{ readonly version: string; readonly summary: string }>
  /**
   * The statements that lead from the live schema to the sources, in the order in which they must run. None: it is up to
   * date. The same database and sources give the same statements, byte for byte.
   *
   * It leaves alone what {@link SchemaSubject.exclude} names, what lies outside {@link SchemaSubject.schemas}, and what an
   * extension owns. Nothing that it throws, prints or passes on holds a password or token.
   *
   * @param database the live one, which may be missing as a file no more: core gives an empty stand-in then. Never written to.
   * @throws StkError STK6003 at a source that cannot be read, STK6004 when the database cannot be reached.
   */
  plan(database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext): Promise<SchemaDraft>
  /**
   * Makes an empty, throw-away database what the sources say: for `stk dev`, and only for sources that are not SQL, which
   * core runs by itself.
   */
  load?(database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext): Promise<void>
}

/** Declares a schema engine; returns its argument. */
export function defineSchemaEngine(engine: SchemaEngine): SchemaEngine {
  return engine
}

/** The desired schema of one database alias. Frozen. */
export interface SchemaSubject {
  readonly project: string
  readonly alias: string
  readonly driver: 'pg' | 'libsql'
  /** At least one, in the order in which they apply; `.sql` and `.hcl` are never mixed. */
  readonly sources: readonly SchemaSource[]
  /** pg: the schemas that the sources manage. `['public']` unless the config says more. Empty for libsql. */
  readonly schemas: readonly string[]
  /**
   * Tables, views and other named objects that the sources do not manage: `audit_*`, or for pg `public.audit_*`. `*` stands for
   * any characters. A name without a dot is meant in every schema. {@link isExcluded} of `@santokit/core/schema` decides.
   */
  readonly exclude: readonly string[]
}

export interface SchemaSource {
  /** Relative to the repository root, with `/`. */
  readonly path: string
  readonly absolute: string
  readonly kind: 'sql' | 'hcl'
  /** What it held when the plan began, with `\n` as line ends. */
  readonly text: string
}

/** A database, and how to get into it. */
export interface SchemaDatabase {
  readonly driver: 'pg' | 'libsql'
  /** As in the config: `postgres://…`; `file:…`, `libsql://…`, `http(s)://…`, with the password if there is one. */
  readonly url: SecretValue
  /** libsql only. */
  readonly authToken?: SecretValue
}

export interface SchemaContext {
  /** The repository root. Absolute. */
  readonly root: string
  readonly environment: string
  /** The process environment. A child process gets an allow-listed part of it. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Says what goes on. */
  progress(message: string): void
  /** Something worth a person's attention that stops nothing. */
  warn(message: string): void
}

/** What an engine found out. */
export interface SchemaDraft {
  /**
   * What the sources say, as `inspectSchema` reads it from a scratch database that holds them and nothing else. Risks are judged by
   * comparing it with the live state, object by object.
   */
  readonly to: SchemaState
  readonly statements: readonly SchemaDraftStatement[]
}

export interface SchemaDraftStatement {
  /** One statement without its `;`. */
  readonly sql: string
  /** What the engine says it is for, in a line. */
  readonly comment?: string
  /** May only raise what core finds; for what only the engine can know. */
  readonly risk?: Risk
}

/**
 * What a statement can do to a database that is in use, from the mildest:
 *
 * - `additive`: nothing that is there changes, and nobody waits
 * - `locking`: nothing is lost, but writers or readers may wait, or the statement may fail on the data that is there
 * - `unknown`: nobody can tell; a person has to
 * - `data-losing`: something that is stored will not be afterwards
 */
export type Risk = 'additive' | 'locking' | 'unknown' | 'data-losing'

/** A statement of a plan. */
export interface SchemaStatement {
  readonly sql: string
  readonly risk: Risk
  /** Why it has that risk, in a clause: `adds a column`, `rewrites the table while nobody can use it`. */
  readonly why: string
  /** What it takes away, each by the name that `--allow-drop` takes: `table:users`, `column:users.old`. */
  readonly drops: readonly string[]
  /** The objects it touches, by their names in {@link SchemaState}. */
  readonly objects: readonly string[]
  /** Runs in a transaction with its neighbours. False for `create index concurrently` and the like. */
  readonly transactional: boolean
}

/**
 * A schema as the database's own catalogue describes it, in a form that is equal for equal schemas on every server: no ids,
 * no column positions, no owners. Only what is managed: see {@link SchemaSubject}.
 */
export interface SchemaState {
  /** By name: `table public.users`, `view public.recent`, `type public.mood`; for libsql without a schema. Sorted. */
  readonly objects: { readonly [name: string]: SchemaObject }
}

/** Kinds of objects that stand by themselves; indexes, constraints, triggers and policies are parts of their table. */
export type SchemaObjectKind = 'schema' | 'table' | 'view' | 'materialized view' | 'type' | 'domain' | 'sequence' | 'function'

export interface SchemaObject {
  readonly kind: SchemaObjectKind
  /** As SQL writes it, without quotes: `public.users`. */
  readonly name: string
  /**
   * By name: `column email`, `constraint users_pkey`, `index users_email_idx`, `trigger touch`, `policy own_rows`, and `definition`
   * for what has no parts. Sorted.
   */
  readonly parts: { readonly [name: string]: SchemaPart }
}

/** What there is to say about a part. A column has `type`, `nullable`, `default`, `generated` and `identity`. */
export type SchemaPart = { readonly [property: string]: string | number | boolean | null }
