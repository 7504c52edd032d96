import { MANIFEST_VERSION, paramsJsonSchema, sealManifest, type LogicEntry, type Manifest, type ParamSpec } from '@santokit/bridge/manifest'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { describe, expect, test } from 'vitest'
import { compareManifests } from './compare-manifests.ts'
import { RULES, type RuleId } from './rules.ts'

type Schema = LogicEntry['params']

const NO_PARAMS: Schema = { type: 'object', properties: {}, additionalProperties: false }

function logic(more: Partial<LogicEntry> = {}): LogicEntry {
  return { kind: 'module', module: 'logic/a.mjs', access: 'authenticated', private: false, source: 'logic/a.ts', params: NO_PARAMS, ...more } as LogicEntry
}

function manifest(entries: Manifest['logic'], more: Partial<Manifest> = {}): Manifest {
  return sealManifest({
    manifestVersion: MANIFEST_VERSION, project: 'shop', generator: 'santokit 0.1.0', databases: {}, auth: { mode: 'issuers', issuers: [] }, logic: entries,
    limits: { bodyBytes: 1000, jsonDepth: 8, timeout: 1000, concurrency: 10, callDepth: 4 }, schema: {}, secrets: [], files: {}, runtime: { node: '>=20.19' }, ...more,
  }).manifest
}

const param = (name: string, more: Partial<ParamSpec> = {}): ParamSpec => ({ name, type: 'string', array: false, required: true, ...more })
const sent = (...specs: readonly ParamSpec[]): Schema => paramsJsonSchema(specs)
const input = (type: z.ZodType): Schema => z.toJSONSchema(type, { io: 'input' }) as Schema
const output = (type: z.ZodType): Schema => z.toJSONSchema(type, { io: 'output' }) as Schema

/** The rules that a change of one logic falls under, without those that nobody minds unless they are all there is. */
function rulesOf(before: Partial<LogicEntry>, after: Partial<LogicEntry>): readonly string[] {
  const { impacts } = compareManifests(manifest({ a: logic(before) }), manifest({ a: logic(after) }))
  return [...new Set(impacts.map(({ rule }) => rule))].sort()
}

type Case = readonly [what: string, before: Schema, after: Schema, ...rules: RuleId[]]

const PARAMS: readonly Case[] = [
  ['the same', sent(param('a')), sent(param('a', { description: 'now described' }))],
  ['a new required one', sent(), sent(param('a')), 'param-required'],
  ['a new one with a default', sent(), sent(param('a', { required: false, default: 'x' })), 'param-added'],
  ['an optional one that became required', sent(param('a', { required: false })), sent(param('a')), 'param-now-required'],
  ['a required one that became optional', sent(param('a')), sent(param('a', { required: false })), 'param-wider'],
  ['one that SQL no longer takes', sent(param('a')), sent(), 'param-removed'],
  ['one that a handler no longer reads', input(z.object({ a: z.string() })), input(z.object({})), 'param-ignored'],
  ['another type', sent(param('a')), sent(param('a', { type: 'int' })), 'param-type'],
  ['a narrower type', sent(param('a', { type: 'number' })), sent(param('a', { type: 'int' })), 'param-type'],
  ['a wider type', sent(param('a', { type: 'int' })), sent(param('a', { type: 'number' })), 'param-wider'],
  ['one value instead of a list', sent(param('a', { array: true })), sent(param('a')), 'param-type'],
  ['an item of another type', sent(param('a', { array: true })), sent(param('a', { array: true, type: 'int' })), 'param-type'],
  ['anything became something', sent(param('a', { type: 'json' })), sent(param('a')), 'param-type'],
  ['a value less', sent(param('a', { enum: ['x', 'y'] })), sent(param('a', { enum: ['x'] })), 'param-enum'],
  ['a value more', sent(param('a', { enum: ['x'] })), sent(param('a', { enum: ['x', 'y'] })), 'param-wider'],
  ['another value', sent(param('a', { enum: ['x'] })), sent(param('a', { enum: ['y'] })), 'param-enum', 'param-wider'],
  ['a list of values where there was none', sent(param('a')), sent(param('a', { enum: ['x'] })), 'param-enum'],
  ['a lower maximum', sent(param('a', { type: 'int', max: 100 })), sent(param('a', { type: 'int', max: 50 })), 'param-range'],
  ['a higher maximum', sent(param('a', { type: 'int', max: 50 })), sent(param('a', { type: 'int', max: 100 })), 'param-wider'],
  ['a minimal length', sent(param('a')), sent(param('a', { min: 1 })), 'param-range'],
  ['a text that must be a uuid', sent(param('a')), sent(param('a', { type: 'uuid' })), 'param-format'],
  ['a date that was a uuid', sent(param('a', { type: 'uuid' })), sent(param('a', { type: 'date' })), 'param-format'],
  ['another pattern', sent(param('a', { pattern: '^a' })), sent(param('a', { pattern: '^b' })), 'param-undecided'],
  ['another default', sent(param('a', { required: false, default: 1 })), sent(param('a', { required: false, default: 2 })), 'param-default'],
  ['null is refused', input(z.object({ a: z.string().nullable() })), input(z.object({ a: z.string() })), 'param-null'],
  ['null is taken', input(z.object({ a: z.string() })), input(z.object({ a: z.string().nullable() })), 'param-wider'],
  ['nothing else is taken', input(z.object({ a: z.string() })), input(z.strictObject({ a: z.string() })), 'param-closed'],
  ['deep inside', input(z.object({ f: z.object({ a: z.string().optional() }) })), input(z.object({ f: z.object({ a: z.string() }) })), 'param-now-required'],
  ['a branch less', input(z.object({ a: z.union([z.string(), z.boolean()]) })), input(z.object({ a: z.string() })), 'param-type'],
  ['a branch more', input(z.object({ a: z.string() })), input(z.object({ a: z.union([z.string(), z.boolean()]) })), 'param-wider'],
  ['the same branches in another order', input(z.object({ a: z.union([z.string(), z.boolean()]) })), input(z.object({ a: z.union([z.boolean(), z.string()]) }))],
  ['literals that were an enum', input(z.object({ a: z.enum(['x', 'y']) })), input(z.object({ a: z.union([z.literal('x'), z.literal('y')]) }))],
  ['a condition that takes a solver', { type: 'object', not: { required: ['a'] } }, { type: 'object', not: { required: ['b'] } }, 'param-undecided'],
]

const RETURNS: readonly Case[] = [
  ['the same', output(z.object({ a: z.string() })), output(z.object({ a: z.string() }))],
  ['a field more', output(z.object({})), output(z.object({ a: z.string() })), 'return-added'],
  ['a field less', output(z.object({ a: z.string() })), output(z.object({})), 'return-removed'],
  ['a field that may be absent', output(z.object({ a: z.string() })), output(z.object({ a: z.string().optional() })), 'return-optional'],
  ['a field that is always there', output(z.object({ a: z.string().optional() })), output(z.object({ a: z.string() })), 'return-narrower'],
  ['another type', output(z.object({ a: z.string() })), output(z.object({ a: z.number() })), 'return-type'],
  ['a fraction where there was none', output(z.object({ a: z.int() })), output(z.object({ a: z.number() })), 'return-type'],
  ['null', output(z.object({ a: z.string() })), output(z.object({ a: z.string().nullable() })), 'return-null'],
  ['never null', output(z.object({ a: z.string().nullable() })), output(z.object({ a: z.string() })), 'return-narrower'],
  ['a value more', output(z.object({ a: z.enum(['x']) })), output(z.object({ a: z.enum(['x', 'y']) })), 'return-enum'],
  ['a value less', output(z.object({ a: z.enum(['x', 'y']) })), output(z.object({ a: z.enum(['x']) })), 'return-narrower'],
  ['beyond the old bounds', output(z.object({ a: z.string().max(5) })), output(z.object({ a: z.string().max(9) })), 'return-range'],
  ['any text where there was a date', output(z.object({ a: z.iso.date() })), output(z.object({ a: z.string() })), 'return-format'],
  ['a list where there was one', output(z.object({ a: z.string() })), output(z.array(z.object({ a: z.string() }))), 'return-type'],
  ['another kind among several', output(z.union([z.string(), z.number()])), output(z.union([z.string(), z.boolean()])), 'return-type'],
  ['deep in a list', output(z.array(z.object({ a: z.object({ b: z.int() }) }))), output(z.array(z.object({ a: z.object({}) }))), 'return-removed'],
]

describe('params', () => test.each(PARAMS.map(([what, before, after, ...rules]) => ({ what, before, after, rules })))('$what', ({ before, after, rules }) => {
  expect(rulesOf({ params: before }, { params: after })).toEqual(rules)
}))

describe('returns', () => test.each(RETURNS.map(([what, before, after, ...rules]) => ({ what, before, after, rules })))('$what', ({ before, after, rules }) => {
  expect(rulesOf({ returns: before }, { returns: after })).toEqual(rules)
}))

test('returns that are no longer declared, and such that are declared at last', () => {
  expect(rulesOf({ returns: { type: 'string' } }, {})).toEqual(['return-undeclared'])
  expect(rulesOf({}, { returns: { type: 'string' } })).toEqual(['return-narrower'])
})

test('a schema that refers to itself is followed once around', () => {
  const tree = (leaf: z.ZodType) => {
    const node: z.ZodType = z.object({ leaf, get left() { return node.optional() }, get right() { return node.optional() } })
    return output(node)
  }
  expect(rulesOf({ returns: tree(z.string()) }, { returns: tree(z.string()) })).toEqual([])
  expect(rulesOf({ returns: tree(z.string()) }, { returns: tree(z.string().nullable()) })).toEqual(['return-null'])
})

test('access: tightened breaks, opened is to be looked at', () => {
  expect(rulesOf({ access: 'public' }, { access: 'authenticated' })).toEqual(['access-tightened'])
  expect(rulesOf({ access: 'authenticated' }, { access: ['admin'] })).toEqual(['access-tightened'])
  expect(rulesOf({ access: ['admin', 'clerk'] }, { access: ['admin'] })).toEqual(['access-tightened'])
  expect(rulesOf({ access: ['admin'] }, { access: ['admin', 'clerk'] })).toEqual(['access-opened'])
  expect(rulesOf({ access: ['admin'] }, { access: 'public' })).toEqual(['access-opened'])
  expect(rulesOf({ access: ['a'] }, { access: ['b'] })).toEqual(['access-opened', 'access-tightened'])
})

test('GET, ages and time limits', () => {
  const cached = (ttl: number): Partial<LogicEntry> => ({ access: 'public', cache: { ttl } })
  expect(rulesOf(cached(1000), { access: 'public' })).toEqual(['get-removed'])
  expect(rulesOf({ access: 'public' }, cached(1000))).toEqual(['get-added'])
  expect(rulesOf(cached(1000), cached(2000))).toEqual(['cache-longer'])
  expect(rulesOf(cached(2000), cached(1000))).toEqual([])
  expect(rulesOf({ timeout: 2000 }, { timeout: 1000 })).toEqual(['timeout-shorter'])
  // The project's limit is 30 s: more than that is not less, and less of one's own than before may be the limit.
  expect(rulesOf({}, { timeout: 60_000 })).toEqual([])
  expect(rulesOf({ timeout: 60_000 }, {})).toEqual(['timeout-shorter'])
})

test('logic that came, went, or answers other logic only', () => {
  const changes = compareManifests(
    manifest({ 'a/gone': logic(), 'a/hidden': logic(), '_b/private': logic({ private: true }) }),
    manifest({ 'a/new': logic(), 'a/_hidden': logic({ private: true }) }),
  )
  expect(changes.impacts.map(({ rule, subject }) => `${rule} ${subject}`)).toEqual(['logic-removed a/gone', 'logic-private a/hidden', 'logic-added a/new'])
  expect(changes.added).toEqual(['a/_hidden', 'a/new'])
  expect(changes.removed).toEqual(['_b/private', 'a/gone', 'a/hidden'])
  expect(changes.impacts[1]?.what).toContain('a/_hidden')
})

test('what changed of a logic is named, and one that only moved its code harms nobody', () => {
  const before = manifest({ a: logic() }, { files: { 'logic/a.mjs': { digest: `sha256:${'1'.repeat(64)}`, bytes: 1 } } })
  const after = manifest({ a: logic({ access: 'public' }) }, { files: { 'logic/a.mjs': { digest: `sha256:${'2'.repeat(64)}`, bytes: 1 } } })
  expect(compareManifests(before, after).changed).toEqual([{ path: 'a', parts: ['access', 'code'] }])
  const moved = compareManifests(before, manifest({ a: logic() }, { files: after.files }))
  expect(moved).toMatchObject({ changed: [{ path: 'a', parts: ['code'] }], impacts: [], settings: [] })
  expect(compareManifests(before, before)).toEqual({ added: [], changed: [], removed: [], settings: [], impacts: [] })
})

test('issuers, origins, limits, databases and the address', () => {
  const issuer = { issuer: 'https://one/', audience: ['shop', 'app'], algorithms: ['RS256'], claims: { roles: 'roles' }, clockTolerance: 5 }
  const pg = { driver: 'pg' as const, url: { secret: 'A' }, pool: { max: 1, queue: 1 }, statementTimeout: 1, rls: true, prepare: true }
  const before = manifest({}, { auth: { mode: 'issuers', issuers: [issuer, { ...issuer, issuer: 'https://two/' }] }, cors: { origins: ['https://a'], maxAge: 1 }, databases: { main: pg }, baseUrl: 'https://shop' })
  const after = manifest({}, {
    auth: { mode: 'issuers', issuers: [{ ...issuer, audience: ['shop'], claims: { roles: 'r' } }, { ...issuer, issuer: 'https://three/' }] },
    cors: { origins: ['https://b'], maxAge: 1 }, databases: { main: { ...pg, rls: false } }, baseUrl: 'https://store',
    limits: { ...before.limits, bodyBytes: 10 },
  })
  expect(compareManifests(before, after).impacts.map(({ rule }) => rule)).toEqual([
    'issuer-narrowed', 'issuer-removed', 'cors-narrowed', 'issuer-changed', 'issuer-added', 'base-url', 'cors-opened', 'database-changed', 'limit-lowered',
  ])
  expect(compareManifests(before, after).settings).toEqual(['auth', 'baseUrl', 'cors', 'databases', 'limits'])
})

test('nothing that was read back from a platform can steer a terminal', () => {
  const cors = (origin: string): Partial<Manifest> => ({ cors: { origins: [origin], maxAge: 1 } })
  const { impacts } = compareManifests(manifest({}, cors('https://a\u001B[2J\u202Eb')), manifest({}, cors('https://a')))
  expect(impacts[0]?.what).toBe('browsers at https://a\uFFFD[2J\uFFFDb can no longer call it')
})

test('every rule has its row in the manual, with its severity', async () => {
  const manual = await readFile(new URL('../../../../docs/plan.md', import.meta.url), 'utf8')
  const rows = [...manual.matchAll(/^\| `([a-z-]+)` \| (breaking|risky|safe) \|/gm)].map(([, id, severity]) => [id, severity])
  expect(rows.sort()).toEqual(Object.entries(RULES).sort())
})
