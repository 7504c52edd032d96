import { expect, test } from 'vitest'
import { isExcluded } from './exclude.ts'

test.each([
  ['audit_*', 'public.audit_log', true],
  ['audit_*', 'audit_log', true],
  ['audit_*', 'public.my_audit_log', false],
  ['audit.*', 'audit.log', true],
  ['audit.*', 'public.audit', false],
  ['public.log', 'public.log', true],
  ['public.log', 'other.log', false],
  ['lo?', 'public.log', false],
  ['*', 'public.anything', true],
])('%s and %s: %s', (pattern, name, excluded) => {
  expect(isExcluded({ exclude: ['nothing', pattern] }, name)).toBe(excluded)
})
