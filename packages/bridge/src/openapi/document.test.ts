import { expect, test } from 'vitest'
import { makeManifest, module, sql } from '../../test/bundle.ts'
import type { Json, JsonSchema } from '../manifest/index.ts'
import { openApiDocument } from './document.ts'

const tree = { type: 'object', properties: { $ref: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/tree' } } } }
const manifest = makeManifest({
  logic: {
    'orders/list': sql('select 1', { access: 'public', cache: { ttl: 1000 }, params: { status: {}, limit: { type: 'int', default: 20 } } }),
    'orders/refund': module('a.mjs', {
      access: ['admin'], description: 'Gives money back.',
      params: { $schema: 'https://json-schema.org/draft/2020-12/schema', $ref: '#/$defs/tree', $defs: { tree } },
      returns: { const: { $ref: '#/not/a/reference' } },
    }),
    'orders/_restock': sql('update x', { private: true }),
  },
  manifest: { baseUrl: 'https://shop.example.com' },
})
const document = openApiDocument(manifest) as Record<string, Record<string, JsonSchema>>

test('what clients can call is described, and nothing private', () => {
  expect(document).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'https://shop.example.com' }] })
  expect(Object.keys(document.paths ?? {})).toEqual(['/call', '/call/orders/list'])
  expect(JSON.stringify(document)).not.toContain('restock')
})

test('a call is one of the logics, by its path', () => {
  const schemas = document.components?.schemas as Record<string, JsonSchema>
  expect(document.paths?.['/call']).toMatchObject({
    post: {
      requestBody: { content: { 'application/json': { schema: { oneOf: [
        { $ref: '#/components/schemas/orders.list.Call' }, { $ref: '#/components/schemas/orders.refund.Call' },
      ] } } } },
    },
  })
  expect(schemas['orders.list.Call']).toMatchObject({
    properties: { path: { const: 'orders/list' }, params: { $ref: '#/components/schemas/orders.list.Params' } }, required: ['path', 'params'],
  })
})

test('cached logic has its parameters in the query', () => {
  expect(document.paths?.['/call/orders/list']).toMatchObject({ get: { parameters: [
    { name: 'status', in: 'query', required: true, schema: { type: 'string' } },
    { name: 'limit', in: 'query', required: false, schema: { type: 'integer', default: 20 } },
  ] } })
})

test('every reference leads somewhere, and data is left alone', () => {
  const references = findReferences(document as unknown as Json)
  expect(references.length).toBeGreaterThan(8)
  for (const reference of references) expect(resolve(reference), reference).toBeDefined()
  const schemas = document.components?.schemas as Record<string, JsonSchema>
  expect(schemas['orders.refund.Params']).toEqual({
    $ref: '#/components/schemas/orders.refund.Params/$defs/tree',
    $defs: { tree: { ...tree, properties: { ...tree.properties, children: {
      type: 'array', items: { $ref: '#/components/schemas/orders.refund.Params/$defs/tree' },
    } } } },
  })
  expect(schemas['orders.refund.Result']).toEqual({ const: { $ref: '#/not/a/reference' } })
})

function findReferences(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(findReferences)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => {
    if (key === 'const') return []
    return key === '$ref' && typeof item === 'string' ? [item] : findReferences(item as Json)
  })
}

function resolve(reference: string): unknown {
  return reference.slice(2).split('/').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}
