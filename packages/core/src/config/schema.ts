import type { AuthEntry, CorsEntry, DatabaseEntry, IssuerEntry, LimitsEntry } from '@santokit/bridge/manifest'
import { z } from 'zod'
import type { ResolvedSchema, ResolvedSchemaDatabase } from './resolved.ts'
import { baseUrl, duration, listOf, origin, reference, safeUrl, secretOnly, setting, size, text, type Reader } from './readers.ts'

/**
 * Reads a value that zod has no word for; what the reader refuses becomes an issue in its words.
 *
 * @param form what a person writes, for the reference of settings (`docs/reference/config.md`).
 */
function read<T>(reader: Reader<T>, form: string) {
  return z.transform((given: unknown, ctx): T => {
    const result = reader(given)
    if ('value' in result) return result.value
    ctx.issues.push({ code: 'custom', message: result.refusal, params: { phrase: true, fix: result.fix }, input: given })
    return z.NEVER
  }).meta({ form })
}

const named = (form: RegExp, what: string) => z.string().regex(form, `must be ${what}`)
const counted = z.int().min(1)

const PROJECT_NAME = named(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and "-", such as "my-shop"')
const TARGET_NAME = named(/^[A-Za-z0-9][\w-]*$/, 'letters, digits, "-" and "_"')
const ALIAS = named(/^[A-Za-z_][\w-]*$/, 'letters, digits, "-" and "_", beginning with a letter')
const SECRET = named(/^[A-Z_][A-Z0-9_]*$/, 'upper-case letters, digits and "_", such as "DATABASE_URL"')

const pool = z.strictObject({ max: counted.default(10), queue: z.int().min(0).default(100) }).prefault({})
const statementTimeout = read(duration({ zero: true }), 'duration').prefault('10s')

const database = z.discriminatedUnion('driver', [
  z.strictObject({
    driver: z.literal('pg'),
    url: read(setting(['postgres:', 'postgresql:'], 'DATABASE_URL'), 'URL or secret'),
    pool,
    statementTimeout,
    rls: z.boolean().default(false),
    prepare: z.boolean().default(true),
  }),
  z.strictObject({
    driver: z.literal('libsql'),
    url: read(setting(['libsql:', 'https:', 'http:', 'file:'], 'DATABASE_URL'), 'URL or secret'),
    authToken: read(secretOnly('DATABASE_TOKEN'), 'secret').optional(),
    pool,
    statementTimeout,
  }),
]) satisfies z.ZodType<DatabaseEntry>

/** What `jose` verifies with a public key; a shared key would have to stand in the config. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

const issuer = z.strictObject({
  issuer: read(safeUrl, 'URL'),
  audience: read(listOf(text, 'an audience'), 'string, or a list of them'),
  jwksUri: read(safeUrl, 'URL').optional(),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'ES256', 'EdDSA']),
  claims: z.strictObject({ roles: z.string().min(1).default('roles') }).prefault({}),
  clockTolerance: z.int().min(0).max(60).default(5),
}) satisfies z.ZodType<IssuerEntry>

const auth = z.union([
  z.literal('none').transform((): AuthEntry => ({ mode: 'none', issuers: [] })),
  z.strictObject({ issuers: z.array(issuer) }).transform(({ issuers }): AuthEntry => ({ mode: 'issuers', issuers })),
])

const access = z.union([z.literal('public'), z.literal('authenticated'), z.array(z.string().min(1)).min(1)])

const cors = z.strictObject({
  origins: read(listOf(origin, 'an origin'), 'origin, or a list of them'),
  maxAge: read(duration({ number: 'seconds' }), 'duration').prefault('10m').transform((ms) => Math.ceil(ms / 1000)),
}) satisfies z.ZodType<CorsEntry>

const limits = z.strictObject({
  body: read(size, 'size').prefault('1MB'),
  jsonDepth: counted.default(32),
  params: counted.default(100),
  response: read(size, 'size').prefault('10MB'),
  timeout: read(duration({}), 'duration').prefault('30s'),
  concurrency: counted.default(1000),
  callDepth: counted.default(16),
}).transform(({ body, response, ...rest }): LimitsEntry => ({ bodyBytes: body, responseBytes: response, ...rest }))

const schemaDatabase = z.strictObject({
  url: read(setting(['postgres:', 'postgresql:', 'libsql:', 'https:', 'http:', 'file:'], 'MIGRATION_URL'), 'URL or secret').optional(),
  authToken: read(secretOnly('MIGRATION_TOKEN'), 'secret').optional(),
  schemas: z.array(z.string().min(1)).min(1).optional(),
  exclude: z.array(z.string().min(1)).default([]),
  lockTimeout: read(duration({ zero: true }), 'duration').prefault('5s'),
  statementTimeout: read(duration({ zero: true }), 'duration').prefault(0),
}) satisfies z.ZodType<ResolvedSchemaDatabase>

const schema = z.union([
  z.literal('require').transform((release): ResolvedSchema => ({ release, databases: {} })),
  z.strictObject({ release: z.literal('require').optional(), databases: z.record(ALIAS, schemaDatabase).default({}) }),
])

const project = z.strictObject({
  root: z.string().min(1).optional(),
  databases: z.record(ALIAS, database).default({}),
  auth: auth.prefault({ issuers: [] }),
  baseUrl: read(baseUrl, 'URL').optional(),
  permissions: z.record(z.string().min(1), access).default({}),
  cors: cors.optional(),
  limits: limits.prefault({}),
  schema: schema.optional(),
  secrets: z.record(SECRET, read(reference, 'reference')).default({}),
  // Their options belong to plugins and are checked by them.
  targets: z.record(TARGET_NAME, z.looseObject({ type: z.string().optional() })).default({}),
})

/** The merged config, without `plugins`, `extends` and `environments`. Fills defaults in. */
export const configSchema = z.strictObject({
  projects: z.record(PROJECT_NAME, project).default({}),
  outDir: z.string().min(1).default('dist'),
})

/** A config whose every setting is there and right, but for the targets' options. */
export type CheckedConfig = z.output<typeof configSchema>
export type CheckedProject = CheckedConfig['projects'][string]
