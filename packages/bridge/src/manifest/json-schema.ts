import type { Json, JsonSchema, ParamSpec, ParamType } from './format.ts'

/** The object schema of a SQL logic's declared parameters, as clients and OpenAPI see it. */
export function paramsJsonSchema(inputs: readonly ParamSpec[]): JsonSchema {
  const required = inputs.filter((input) => input.required).map((input) => input.name)
  return {
    type: 'object',
    properties: Object.fromEntries(inputs.map((input) => [input.name, inputSchema(input)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

function inputSchema(input: ParamSpec): JsonSchema {
  const item = withRules(input)
  const schema = input.array ? { type: 'array', items: item } : item
  return {
    ...schema,
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.default === undefined ? {} : { default: input.default }),
  }
}

function withRules(input: ParamSpec): JsonSchema {
  const schema: { [keyword: string]: Json } = { ...BASE[input.type] }
  if (input.enum) schema.enum = input.enum
  const bounds = BOUNDS[input.type]
  if (bounds !== undefined && input.min !== undefined) schema[bounds.min] = input.min
  if (bounds !== undefined && input.max !== undefined) schema[bounds.max] = input.max
  if (input.pattern !== undefined) schema.pattern = input.pattern
  return schema
}

/** The types whose `min` and `max` JSON Schema can say. A bigint is a string there, and bytes are counted before base64. */
const BOUNDS: Readonly<Partial<Record<ParamType, { readonly min: string; readonly max: string }>>> = {
  string: { min: 'minLength', max: 'maxLength' },
  int: { min: 'minimum', max: 'maximum' },
  number: { min: 'minimum', max: 'maximum' },
}

/** A `bigint` travels as a decimal string, because JSON numbers lose precision beyond 2^53. */
const BASE: Readonly<Record<ParamType, JsonSchema>> = {
  string: { type: 'string' },
  int: { type: 'integer' },
  bigint: { type: 'string', pattern: '^-?[0-9]{1,19}$' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  datetime: { type: 'string', format: 'date-time' },
  json: {},
  bytes: { type: 'string', contentEncoding: 'base64' },
}
