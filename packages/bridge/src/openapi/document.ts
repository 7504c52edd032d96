import type { Json, JsonSchema, LogicEntry, Manifest } from '../manifest/format.ts'
import { relocateSchema } from './relocate.ts'

/** The OpenAPI 3.1 description of what a project's clients can call. Private logic is not in it. */
export function openApiDocument(manifest: Manifest): JsonSchema {
  const logic = Object.entries(manifest.logic).filter(([, entry]) => !entry.private).map(([path, entry]) => describe(path, entry))
  const cached = logic.filter(({ entry }) => entry.access === 'public' && entry.cache)
  return {
    openapi: '3.1.1',
    info: { title: manifest.project, version: manifest.digest },
    ...(manifest.baseUrl === undefined ? {} : { servers: [{ url: manifest.baseUrl }] }),
    paths: {
      ...(logic.length === 0 ? {} : { '/call': { post: postOperation(logic) } }),
      ...Object.fromEntries(cached.map((described) => [`/call/${described.path}`, { get: getOperation(described) }])),
    },
    components: {
      schemas: { ...Object.fromEntries(logic.flatMap(schemasOf)), Problem: PROBLEM_SCHEMA },
      responses: {
        Problem: { description: 'Why there is no data (RFC 9457).', content: { 'application/problem+json': { schema: ref('Problem') } } },
      },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

interface Described {
  readonly path: string
  readonly entry: LogicEntry
  /** A component name that holds the logic's place: `orders/list` is `orders.list`. */
  readonly name: string
}

/** Component names may hold letters, digits, `.`, `_` and `-`; anything else becomes its code point between dots. */
function describe(path: string, entry: LogicEntry): Described {
  const name = path.replaceAll('/', '.').replace(/[^A-Za-z0-9._-]/gu, (char) => `.${char.codePointAt(0)}.`)
  return { path, entry, name }
}

function schemasOf({ path, entry, name }: Described): [string, JsonSchema][] {
  const needsParams = Array.isArray(entry.params.required) && entry.params.required.length > 0
  return [
    [`${name}.Call`, {
      type: 'object',
      properties: { path: { const: path }, params: ref(`${name}.Params`) },
      required: needsParams ? ['path', 'params'] : ['path'],
      additionalProperties: false,
      ...(entry.description === undefined ? {} : { description: entry.description }),
      'x-santokit-access': entry.access,
    }],
    [`${name}.Params`, relocateSchema(entry.params, pointer(`${name}.Params`))],
    [`${name}.Result`, relocateSchema(entry.returns ?? {}, pointer(`${name}.Result`))],
  ]
}

function postOperation(logic: readonly Described[]): JsonSchema {
  const open = logic.some(({ entry }) => entry.access === 'public')
  return {
    operationId: 'call',
    summary: 'Calls a logic by its path.',
    security: open ? [{}, { token: [] }] : [{ token: [] }],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { oneOf: logic.map(({ name }) => ref(`${name}.Call`)) } } },
    },
    responses: { 200: success({ anyOf: logic.map(({ name }) => ref(`${name}.Result`)) }), default: { $ref: '#/components/responses/Problem' } },
  }
}

function getOperation({ path, entry, name }: Described): JsonSchema {
  const properties = Object.entries((entry.params.properties ?? {}) as { readonly [name: string]: JsonSchema })
  const required: readonly Json[] = Array.isArray(entry.params.required) ? entry.params.required : []
  return {
    operationId: `get.${name}`,
    summary: entry.description ?? `Calls ${path}; the answer may come from a cache.`,
    security: [{}, { token: [] }],
    parameters: properties.map(([parameter, schema]) => ({
      name: parameter, in: 'query', required: required.includes(parameter),
      schema: relocateSchema(schema, pointer(`${name}.Params`)),
    })),
    responses: {
      200: { ...success(ref(`${name}.Result`)), headers: { ETag: { schema: { type: 'string' } }, 'Cache-Control': { schema: { type: 'string' } } } },
      304: { description: 'The answer is still the one that If-None-Match names.' },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function success(data: JsonSchema): { readonly [key: string]: Json } {
  return {
    description: 'What the logic gives.',
    content: { 'application/json': { schema: { type: 'object', properties: { data }, required: ['data'] } } },
  }
}

const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable, for programs.' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Every parameter that is not valid (422).',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' }, code: { type: 'string' } },
        required: ['path', 'message', 'code'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
}

function ref(component: string): JsonSchema {
  return { $ref: pointer(component) }
}

function pointer(component: string): string {
  return `#/components/schemas/${component}`
}
