import { expect, test } from 'vitest'
import { readTrace, traceHeaders } from './trace.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

test('a call gets a span of its own in the trace of its request', () => {
  const trace = readTrace(`00-${TRACE}-${PARENT}-01`, 'vendor=1')
  expect(trace).toMatchObject({ traceId: TRACE, parentId: PARENT, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string })
  expect(trace?.spanId).not.toBe(PARENT)
  expect(traceHeaders(trace)).toEqual({ traceparent: `00-${TRACE}-${trace?.spanId}-01`, tracestate: 'vendor=1' })
  expect(readTrace(`00-${TRACE}-${PARENT}-01`)?.spanId).not.toBe(trace?.spanId)
})

test('a later version is read as far as it is known, and passed on as ours', () => {
  for (const given of [`cc-${TRACE}-${PARENT}-ff`, `01-${TRACE}-${PARENT}-ff-what-ever`]) {
    expect(traceHeaders(readTrace(given)).traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-03$`))
  }
})

// The cases of https://www.w3.org/TR/trace-context/#traceparent-header-field-values
test.each([
  '', 'nonsense', `00-${TRACE}-${PARENT}`, `00-${TRACE}-${PARENT}-01-more`, `ff-${TRACE}-${PARENT}-01`, `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${PARENT}-01`, `00-${TRACE}-${PARENT}-1`, `00-${TRACE}-${PARENT}-0g`,
  ` 00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`, `00-${TRACE}\n-${PARENT}-01`, `01-${TRACE}-${PARENT}-01.more`,
])('%j is no trace', (given) => {
  expect(readTrace(given)).toBeUndefined()
  expect(traceHeaders(readTrace(given))).toEqual({})
})

test('state that is too long is not passed on', () => {
  expect(traceHeaders(readTrace(`00-${TRACE}-${PARENT}-00`, `a=${'x'.repeat(600)}`))).not.toHaveProperty('tracestate')
})
