import * as z from 'zod/mini'
import { manifestDigest } from './digest.ts'
import { MANIFEST_VERSION, PARAM_TYPES, type Digest, type JsonSchema, type Manifest } from './format.ts'

/** Why a manifest was refused. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'

  constructor(
    readonly code: 'manifest_version' | 'manifest_invalid' | 'manifest_digest',
    message: string,
  ) {
    super(message)
  }
}

/**
 * Checks and returns a manifest read from outside.
 *
 * @param value the parsed JSON.
 * @throws ManifestError if its version is unknown, its shape is wrong (every place named) or its content does not hash
 *   to its digest.
 */
export function parseManifest(value: unknown): Manifest {
  const version = (value as { manifestVersion?: unknown } | null)?.manifestVersion
  if (version !== MANIFEST_VERSION) {
    throw new ManifestError(
      'manifest_version',
      `This Bridge reads manifest version ${MANIFEST_VERSION}; the bundle has ${version === undefined ? 'none' : JSON.stringify(version)}. ` +
        'Use a Bridge of the Santokit version that built the bundle, or build it again.',
    )
  }
  const parsed = manifest.safeParse(value)
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`)
    throw new ManifestError('manifest_invalid', `The manifest is malformed.\n${places.join('\n')}`)
  }
  const found = value as Manifest
  if (manifestDigest(found) !== found.digest) {
    throw new ManifestError('manifest_digest', 'The manifest does not hash to its own digest: it was changed after it was built.')
  }
  return found
}

/** The manifest format as a JSON Schema (draft 2020-12), for tools in other languages. */
export function manifestJsonSchema(): JsonSchema {
  return z.toJSONSchema(manifest, { target: 'draft-2020-12' }) as JsonSchema
}

const natural = z.int().check(z.nonnegative())
const positive = z.int().check(z.positive())
const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)) as unknown as z.ZodMiniType<Digest>
const names = z.array(z.string())
const jsonSchema = z.record(z.string(), z.unknown())
const setting = z.union([z.string(), z.strictObject({ secret: z.string(), optional: z.optional(z.boolean()) })])
const pool = z.strictObject({ max: positive, queue: natural })
/** Relative, with `/`, and without a way up or out. */
const bundlePath = z.string().check(z.regex(/^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\\\0]+$/, 'must be a path inside the bundle'))

const database = z.discriminatedUnion('driver', [
  z.strictObject({
    driver: z.literal('pg'), url: setting, pool, statementTimeout: natural, rls: z.boolean(), prepare: z.boolean(),
  }),
  z.strictObject({
    driver: z.literal('libsql'), url: setting, authToken: z.optional(setting), pool, statementTimeout: natural,
  }),
])

const issuer = z.strictObject({
  issuer: z.string(), audience: names, jwksUri: z.optional(z.string()), algorithms: names,
  claims: z.strictObject({ roles: z.string() }), clockTolerance: natural,
})

const logicBase = {
  access: z.union([z.literal('public'), z.literal('authenticated'), names]),
  private: z.boolean(),
  source: z.string(),
  description: z.optional(z.string()),
  params: jsonSchema,
  returns: z.optional(jsonSchema),
  cache: z.optional(z.strictObject({ ttl: natural, staleWhileRevalidate: z.optional(natural) })),
  timeout: z.optional(positive),
}

const binding = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('param'), name: z.string() }),
  z.strictObject({ from: z.literal('auth'), path: names }),
])

const paramSpec = z.strictObject({
  name: z.string(), type: z.enum(PARAM_TYPES), array: z.boolean(), required: z.boolean(), default: z.optional(z.unknown()),
  enum: z.optional(z.array(z.union([z.string(), z.number()]))), min: z.optional(z.number()), max: z.optional(z.number()),
  pattern: z.optional(z.string()), description: z.optional(z.string()),
})

const logic = z.discriminatedUnion('kind', [
  z.strictObject({
    ...logicBase, kind: z.literal('sql'), database: z.string(), text: z.string(), bindings: z.array(binding),
    inputs: z.array(paramSpec), result: z.enum(['rows', 'row', 'row?', 'value', 'affected']), readOnly: z.boolean(),
  }),
  z.strictObject({ ...logicBase, kind: z.literal('module'), module: bundlePath }),
])

const manifest = z.strictObject({
  manifestVersion: z.literal(MANIFEST_VERSION),
  digest,
  project: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]*$/)),
  generator: z.string(),
  databases: z.record(z.string(), database),
  auth: z.strictObject({ mode: z.enum(['issuers', 'none']), issuers: z.array(issuer) }),
  logic: z.record(z.string(), logic),
  cors: z.optional(z.strictObject({ origins: names, maxAge: natural })),
  limits: z.strictObject({
    bodyBytes: positive, jsonDepth: positive, params: z.optional(positive), responseBytes: z.optional(positive), timeout: positive,
    concurrency: positive, callDepth: positive,
  }),
  schema: z.record(z.string(), digest),
  secrets: z.array(z.strictObject({ name: z.string(), optional: z.boolean(), usedBy: names })),
  files: z.record(bundlePath, z.strictObject({ digest, bytes: natural })),
  runtime: z.strictObject({ node: z.string() }),
  baseUrl: z.optional(z.string()),
})
