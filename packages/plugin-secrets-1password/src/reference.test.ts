import { isStkError } from '@santokit/core'
import { expect, test } from 'vitest'
import { parseReference } from './reference.ts'

test.each([
  ['op://prod/shop db/url', { vault: 'prod', item: 'shop db', field: 'url' }],
  ['op://prod/shop db/owner/password', { vault: 'prod', item: 'shop db', section: 'owner', field: 'password' }],
  ['op://prod/mail/code?attribute=otp', { vault: 'prod', item: 'mail', field: 'code', attribute: 'otp' }],
  ['op://prod/mail/code?attr=type', { vault: 'prod', item: 'mail', field: 'code', attribute: 'type' }],
  ['op://prod/deploy/private key?ssh-format=openssh', { vault: 'prod', item: 'deploy', field: 'private key', sshFormat: 'openssh' }],
  ['op://3krbvotxjulf6nvqm2k4xfb2p4/a.b_c-d/x', { vault: '3krbvotxjulf6nvqm2k4xfb2p4', item: 'a.b_c-d', field: 'x' }],
])('takes %s apart', (text, parts) => {
  expect(parseReference(text)).toEqual({ text, ...parts })
})

test('a refusal does not repeat what was written', () => {
  for (const text of ['op:hunter2-hunter2', 'op://hunter2-hunter2', 'op://prod/mail/hunter2\u0000hunter2', 'op://prod/mail/key?hunter2-hunter2']) {
    try {
      parseReference(text)
      expect.unreachable(text)
    } catch (error) {
      expect(isStkError(error) && error.code).toBe('STK3002')
      expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('hunter2')
    }
  }
})
