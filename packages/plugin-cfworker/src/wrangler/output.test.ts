import { expect, test } from 'vitest'
import { readOutput } from './output.ts'

const lines = (...entries: readonly object[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
const SESSION = { type: 'wrangler-session', version: 1, wrangler_version: '4.86.0' }

test('the version of a deploy', () => {
  const text = lines(SESSION, { type: 'deploy', version: 1, worker_name: 'shop', version_id: 'v-1', targets: ['https://shop.acme.workers.dev'] })
  expect(readOutput(text)).toMatchObject({ kind: 'uploaded', version: 'v-1', previewUrl: undefined })
})

test('the version and address of a preview', () => {
  const text = lines(SESSION, { type: 'version-upload', version_id: 'v-2', preview_url: 'https://v2-shop.acme.workers.dev', preview_alias_url: 'https://cart-shop.acme.workers.dev' })
  expect(readOutput(text)).toEqual({ kind: 'uploaded', version: 'v-2', previewUrl: 'https://cart-shop.acme.workers.dev' })
})

test('a failure, with its code or without', () => {
  expect(readOutput(lines(SESSION, { type: 'command-failed', version: 1, code: 10021, message: 'no' }))).toEqual({ kind: 'failed', code: 10021, message: 'no' })
  expect(readOutput(lines({ type: 'command-failed', version: 1 }))).toEqual({ kind: 'failed', code: undefined, message: '' })
})

test.each([
  ['nothing', ''],
  ['what is cut off', '{"type":"deploy","version_id":"v'],
  ['a deploy that made no version', lines(SESSION, { type: 'deploy', version_id: null })],
  ['kinds of entries that are not known', lines({ type: 'something-new', version_id: 'v-1' })],
])('%s says nothing', (_, text) => {
  expect(readOutput(text)).toEqual({ kind: 'silent' })
})

test('the last word counts', () => {
  expect(readOutput(lines({ type: 'deploy', version_id: 'v-1' }, { type: 'command-failed', code: 1, message: 'no' }))).toMatchObject({ kind: 'failed' })
})
