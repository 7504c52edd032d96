import { expect, test } from 'vitest'
import type { Caller } from '../logic.ts'
import type { Binding, SqlLogicEntry } from '../manifest/format.ts'
import { bindValues } from './bind.ts'

const entry = (bindings: readonly Binding[]): SqlLogicEntry => ({
  kind: 'sql', access: 'public', private: false, source: 'x.sql', params: {}, database: 'main', text: '', bindings, inputs: [],
  result: 'rows', readOnly: true,
})

test('placeholders take params and claims in their order', () => {
  const caller: Caller = { sub: 'u1', roles: ['admin'], claims: { org: { id: 7, tags: ['a'] }, verified: true } }
  const auth = (...path: string[]): Binding => ({ from: 'auth', path })
  const bindings = [
    auth('sub'), { from: 'param', name: 'b' }, auth('roles'), auth('claims', 'org', 'id'), auth('claims', 'org'), auth('claims', 'org', 'tags'),
    auth('claims', 'verified'), auth('claims', 'missing', 'deep'), auth('claims', 'constructor'), auth('claims', 'org', 'id', 'toFixed'),
    { from: 'param', name: 'b' }, { from: 'param', name: 'absent' },
  ] satisfies Binding[]
  expect(bindValues(entry(bindings), { b: 'B' }, caller)).toEqual([
    'u1', 'B', ['admin'], 7, '{"id":7,"tags":["a"]}', '["a"]', true, null, null, null, 'B', null,
  ])
  expect(bindValues(entry([auth('sub'), auth('roles')]), {}, { sub: null, roles: [], claims: {} })).toEqual([null, []])
})
