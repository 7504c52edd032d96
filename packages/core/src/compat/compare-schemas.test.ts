import type { Json, JsonSchema } from '@santokit/bridge/manifest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeParams, judgeReturns } from './judge-schemas.ts'

const ajv = new Ajv2020({ strict: false })

const atoms: readonly Json[] = [null, true, false, -1, 0, 1, 2, 0.5, '', 'x', 'y', 'xx']
/** Every value that the schemas below can tell apart, two floors high. */
const universe: readonly Json[] = [
  ...atoms,
  ...[[], ...atoms.map((one) => [one]), ['x', 1], [{ a: 'x' }], [{ a: null }], [{}]] as Json[],
  ...[{}, ...atoms.flatMap((one): Json[] => [{ a: one }, { b: one }, { a: one, b: 1 }, { a: 'x', b: one }]), { a: {} }, { a: { a: 'x' } }, { a: { b: 1 } }, { a: ['x'] }, { a: [1] }, { b: [] }] as Json[],
]

function schemas(open: boolean): fc.Arbitrary<JsonSchema> {
  const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<JsonSchema>({}, { type: 'null' }, { type: 'boolean' }, { type: ['string', 'null'] }, { const: 'x' }, { enum: ['x', 1, null] }),
      fc.record({ type: fc.constant('string'), minLength: fc.integer({ min: 0, max: 2 }), maxLength: fc.integer({ min: 0, max: 2 }), pattern: fc.constantFrom('x', '^$') }, { requiredKeys: ['type'] }),
      fc.record({ type: fc.constantFrom('integer', 'number'), minimum: fc.integer({ min: -1, max: 2 }), maximum: fc.integer({ min: -1, max: 2 }) }, { requiredKeys: ['type'] }),
      fc.record({ type: fc.constant('string'), enum: fc.subarray(['x', 'y', ''], { minLength: 1 }) }),
      fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.integer({ min: 0, max: 2 }) }, { requiredKeys: ['type'] }),
      fc.record({ properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2 }), required: fc.subarray(['a', 'b']) })
        .map(({ properties, required }) => ({
          type: 'object', properties, required: required.filter((name) => Object.hasOwn(properties, name)), ...(open ? {} : { additionalProperties: false }),
        }) as JsonSchema),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ) as fc.Arbitrary<JsonSchema>,
  }))
  return schema
}

function accepted(schema: JsonSchema): ReadonlySet<number> {
  const validate = ajv.compile(schema)
  return new Set(universe.flatMap((value, at) => (validate(value) ? [at] : [])))
}

const runs = Number(process.env.STK_COMPAT_RUNS ?? 1500)

test('params that are called safe still accept all that they accepted', () => {
  fc.assert(fc.property(schemas(false), schemas(false), (before, after) => {
    if (judgeParams(before, after, '').some(({ severity }) => severity !== 'safe')) return
    const now = accepted(after)
    for (const at of accepted(before)) expect(now.has(at), JSON.stringify([universe[at], before, after])).toBe(true)
  }), { numRuns: runs })
})

test('returns that are called safe are nothing that was not promised', () => {
  fc.assert(fc.property(schemas(true), schemas(true), (before, after) => {
    if (judgeReturns(before, after, '').some(({ severity }) => severity !== 'safe')) return
    const promised = accepted(before)
    for (const at of accepted(after)) expect(promised.has(at), JSON.stringify([universe[at], before, after])).toBe(true)
  }), { numRuns: runs })
})

test('a schema is the same as itself, however it refers to its parts', () => {
  fc.assert(fc.property(schemas(false), (schema) => {
    expect(judgeParams(schema, structuredClone(schema), '')).toEqual([])
    expect(judgeParams(schema, { $ref: '#/$defs/it', $defs: { it: schema } }, '').filter(({ severity }) => severity !== 'safe')).toEqual([])
  }), { numRuns: 300 })
})
