import { expect, test } from 'vitest'
import { bufferedSink, createLog } from './log.ts'

test('a line is one JSON object that nobody else can forge', () => {
  const lines: string[] = []
  createLog((line) => lines.push(line), 'info', { requestId: 'r1' }).info('hello\nworld', { level: 'error', count: 3n, requestId: 'r2' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('\n')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/Z$/) as string, level: 'info', message: 'hello\nworld', requestId: 'r1', count: '3',
  })
})

test('lines below the level are not written', () => {
  const lines: string[] = []
  const log = createLog((line) => lines.push((JSON.parse(line) as { level: string }).level), 'warn')
  log.debug('1'); log.info('2'); log.warn('3'); log.error('4')
  expect(lines).toEqual(['warn', 'error'])
  createLog((line) => lines.push(line), 'silent').error('5')
  expect(lines).toHaveLength(2)
})

test('fields that JSON cannot hold do not cost the line', () => {
  const lines: string[] = []
  const circle: Record<string, unknown> = {}
  circle.self = circle
  createLog((line) => lines.push(line), 'info').info('round', { circle })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'round' })
})

test('lines are written together, in their order, and what waits is written when it is flushed', async () => {
  const written: string[] = []
  const sink = bufferedSink((text) => written.push(text))
  sink('one')
  sink('two')
  expect(written).toEqual([])
  await expect.poll(() => written).toEqual(['one\ntwo\n'])
  sink('three')
  sink.flush()
  sink.flush()
  expect(written.slice(1)).toEqual(['three\n'])
  sink('x'.repeat(100_000))
  expect(written.at(-1)).toHaveLength(100_001)
})
