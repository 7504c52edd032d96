import parse from 'parse-prometheus-text-format'
import { expect, test } from 'vitest'
import { CallMetrics } from './call-metrics.ts'
import { type Family, writeExposition } from './exposition.ts'

const NASTY = 'a "quoted" \\ back\\nslash'

test('another parser reads what was written', () => {
  const families: Family[] = [
    { name: 'things_total', type: 'counter', help: `Things, ${NASTY}.`, samples: [{ labels: { name: NASTY, other: 'x' }, value: 3 }, { value: 1.5 }] },
    { name: 'level', type: 'gauge', help: 'Level.', samples: [{ value: -0.25 }] },
    { name: 'nothing', type: 'gauge', help: 'Left out.', samples: [] },
  ]
  const parsed = parse(writeExposition(families))
  expect(parsed).toEqual([
    { name: 'things_total', type: 'COUNTER', help: expect.stringContaining('Things') as string, metrics: [
      { value: '3', labels: { name: NASTY, other: 'x' } }, { value: '1.5' },
    ] },
    { name: 'level', type: 'GAUGE', help: 'Level.', metrics: [{ value: '-0.25' }] },
  ])
})

test('a label never ends its line, and every line ends', () => {
  const text = writeExposition([{ name: 'x', type: 'gauge', help: 'two\nlines', samples: [{ labels: { a: 'two\nlines' }, value: Infinity }] }])
  expect(text).toBe('# HELP x two\\nlines\n# TYPE x gauge\nx{a="two\\nlines"} +Inf\n')
})

test('durations are counted in the bucket they belong to and in all above it', () => {
  const metrics = new CallMetrics(['a/b', 'a/never'])
  for (const ms of [0.5, 0.6, 99, 60_000]) metrics.count({ logic: 'a/b', status: 200, ms, dbMs: 2 })
  metrics.count({ logic: 'a/b', status: 404, ms: 1, dbMs: 0, cache: 'hit' })
  const text = writeExposition(metrics.families())
  expect(text).toContain('\n# TYPE santokit_call_duration_seconds histogram\n')
  // The parser forgets the labels of a histogram; of its samples it does not.
  const parsed = new Map(parse(text.replace(/^# TYPE .* histogram$/m, '')).map((family) => [family.name, family.metrics]))
  expect(parsed.get('santokit_calls_total')).toEqual([
    { value: '4', labels: { logic: 'a/b', status: '200' } }, { value: '1', labels: { logic: 'a/b', status: '404' } },
  ])
  const buckets = parsed.get('santokit_call_duration_seconds_bucket')?.map(({ labels = {}, value }) => [labels.logic, labels.le, value])
  expect(buckets).toHaveLength(16)
  expect(buckets).toEqual(expect.arrayContaining([
    ['a/b', '0.0005', '1'], ['a/b', '0.001', '3'], ['a/b', '0.05', '3'], ['a/b', '0.1', '4'], ['a/b', '30', '4'], ['a/b', '+Inf', '5'],
  ]))
  expect(parsed.get('santokit_call_duration_seconds_count')).toEqual([{ value: '5', labels: { logic: 'a/b' } }])
  expect(Number(parsed.get('santokit_call_duration_seconds_sum')?.[0]?.value)).toBeCloseTo(60.1011)
  expect(parsed.get('santokit_call_database_seconds_total')).toEqual([{ value: '0.008', labels: { logic: 'a/b' } }])
  expect(parsed.get('santokit_cache_lookups_total')).toEqual([{ value: '1', labels: { logic: 'a/b', outcome: 'hit' } }])
})

test('what clients make up is no label', () => {
  const metrics = new CallMetrics(['a/b'])
  for (let n = 0; n < 100; n++) metrics.count({ logic: undefined, status: 404, ms: 1, dbMs: 0 })
  metrics.count({ logic: '__proto__', status: 404, ms: 1, dbMs: 0 })
  const [calls] = parse(writeExposition(metrics.families()))
  expect(calls?.metrics).toEqual([{ value: '101', labels: { logic: '', status: '404' } }])
})
