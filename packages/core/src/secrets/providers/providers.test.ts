import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'pathe'
import { afterAll, describe, test } from 'vitest'
import { testSecretProvider } from '../../testkit/secret-provider.ts'
import { dotenvProvider, envProvider, fileProvider } from './index.ts'
import { LARGEST_FILE } from './read-text.ts'

const root = mkdtempSync(join(tmpdir(), 'santokit-providers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
mkdirSync(join(root, 'keys'))
writeFileSync(join(root, '.env'), 'URL="postgres://app:canary#one@db/shop"\nTOKEN=canary-token-two\nBLANK=\n')
writeFileSync(join(root, 'keys/it#em.env'), 'KEY="-----BEGIN-----\ncanary-key\n-----END-----"\n')
writeFileSync(join(root, 'keys/token'), 'canary-in-a-file\n')
writeFileSync(join(root, 'keys/crlf'), 'canary-of-windows\r\n')
writeFileSync(join(root, 'keys/two-newlines'), 'canary-with-newline\n\n')
writeFileSync(join(root, 'keys/blank'), '\n')
writeFileSync(join(root, 'keys/largest'), 'x'.repeat(LARGEST_FILE))
writeFileSync(join(root, 'keys/too-large'), 'x'.repeat(LARGEST_FILE + 1))
writeFileSync(join(root, 'keys/binary'), new Uint8Array([0xff, 0xfe, 0x80]))

describe('env:', () => {
  testSecretProvider({
    test,
    create: () => envProvider,
    context: { env: { URL: 'postgres://app:canary-one@db/shop', lower_case: 'canary "two"\n', BLANK: '' } },
    present: { 'env:URL': 'postgres://app:canary-one@db/shop', 'env:lower_case': 'canary "two"\n' },
    absent: { 'env:NOWHERE': 'item-not-found', 'env:BLANK': 'empty', 'env:toString': 'item-not-found' },
    malformed: ['env:', 'env:1A', 'env:A B', 'env:A=1', 'env:$A', 'env:A\n'],
  })
})

describe('dotenv:', () => {
  testSecretProvider({
    test,
    create: () => dotenvProvider,
    context: { root },
    present: {
      'dotenv:.env#URL': 'postgres://app:canary#one@db/shop',
      'dotenv:./.env#TOKEN': 'canary-token-two',
      'dotenv:keys/it#em.env#KEY': '-----BEGIN-----\ncanary-key\n-----END-----',
    },
    absent: {
      'dotenv:.env#NOWHERE': 'field-not-found', 'dotenv:.env#BLANK': 'empty', 'dotenv:.env.none#URL': 'item-not-found',
      'dotenv:keys#URL': 'malformed-ref', 'dotenv:.env/below#URL': 'item-not-found',
    },
    malformed: ['dotenv:', 'dotenv:.env', 'dotenv:#URL', 'dotenv:.env#', 'dotenv:.env#A-B'],
  })
})

describe('file:', () => {
  testSecretProvider({
    test,
    create: () => fileProvider,
    context: { root },
    present: {
      'file:keys/token': 'canary-in-a-file',
      'file:./keys/crlf': 'canary-of-windows',
      'file:keys/two-newlines': 'canary-with-newline\n',
      [`file:${root}/keys/token`]: 'canary-in-a-file',
      'file:keys/largest': 'x'.repeat(LARGEST_FILE),
    },
    absent: {
      'file:keys/none': 'item-not-found', 'file:keys/blank': 'empty', 'file:keys': 'malformed-ref',
      'file:keys/too-large': 'malformed-ref', 'file:keys/binary': 'malformed-ref', 'file:/dev/zero': 'malformed-ref',
    },
    malformed: ['file:', 'file://relative/path', 'file:a\0b'],
  })
})
