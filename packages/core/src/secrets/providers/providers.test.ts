import { appendFileSync, mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'pathe'
import { afterAll, describe, test } from 'vitest'
import { testSecretProvider } from '../../testkit/secret-provider.ts'
import { dotenvProvider, envProvider, fileProvider } from './index.ts'
import { LARGEST_FILE } from './read-text.ts'

const root = mkdtempSync(join(tmpdir(), 'santokit-providers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
mkdirSync(join(root, 'keys'))
writeFileSync(join(root, '.env'), 'URL="postgres://app:canary#one@db/shop"\nTOKEN=canary-token-two\nBLANK=\nMOUNTED_FILE=keys/token\n')
writeFileSync(join(root, 'keys/it#em.env'), 'KEY="-----BEGIN-----\ncanary-key\n-----END-----"\n')
writeFileSync(join(root, 'keys/token'), 'canary-in-a-file\n')
writeFileSync(join(root, 'keys/crlf'), 'canary-of-windows\r\n')
writeFileSync(join(root, 'keys/two-newlines'), 'canary-with-newline\n\n')
writeFileSync(join(root, 'keys/blank'), '\n')
writeFileSync(join(root, 'keys/largest'), 'x'.repeat(LARGEST_FILE))
writeFileSync(join(root, 'keys/too-large'), 'x'.repeat(LARGEST_FILE + 1))
writeFileSync(join(root, 'keys/binary'), new Uint8Array([0xff, 0xfe, 0x80]))

/** A value in quotes that do not stand in it. */
function quoted(value: string): string | undefined {
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark) && (mark !== '"' || !value.includes('\\n')))
  return quote === undefined ? undefined : `${quote}${value}${quote}`
}

describe('env:', () => {
  testSecretProvider({
    test,
    create: () => envProvider,
    context: {
      root,
      env: {
        URL: 'postgres://app:canary-one@db/shop', lower_case: 'canary "two"\n', BLANK: '', MOUNTED_FILE: join(root, 'keys/token'), NEAR_FILE: './keys/crlf',
        TWICE: 'canary-of-twice', TWICE_FILE: join(root, 'keys/token'), LOST_FILE: '/nowhere/at/all', HOLLOW_FILE: join(root, 'keys/blank'), OVER: '', OVER_FILE: 'keys/token',
      },
    },
    present: {
      'env:URL': 'postgres://app:canary-one@db/shop', 'env:lower_case': 'canary "two"\n',
      'env:MOUNTED': 'canary-in-a-file', 'env:NEAR': 'canary-of-windows', 'env:OVER': 'canary-in-a-file',
    },
    absent: {
      'env:NOWHERE': 'item-not-found', 'env:BLANK': 'empty', 'env:toString': 'item-not-found', 'env:TWICE': 'ambiguous', 'env:LOST': 'malformed-ref', 'env:HOLLOW': 'empty',
    },
    malformed: ['env:', 'env:1A', 'env:A B', 'env:A=1', 'env:$A', 'env:A\n'],
    holding: (values) => ({
      provider: envProvider,
      refs: values.map((_, index) => `env:V${index}`),
      context: { env: Object.fromEntries(values.map((value, index) => [`V${index}`, value])) },
    }),
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
      'dotenv:.env#MOUNTED': 'canary-in-a-file',
      'dotenv:keys/it#em.env#KEY': '-----BEGIN-----\ncanary-key\n-----END-----',
    },
    absent: {
      'dotenv:.env#NOWHERE': 'field-not-found', 'dotenv:.env#BLANK': 'empty', 'dotenv:.env.none#URL': 'item-not-found',
      'dotenv:keys#URL': 'malformed-ref', 'dotenv:.env/below#URL': 'item-not-found',
    },
    malformed: ['dotenv:', 'dotenv:.env', 'dotenv:#URL', 'dotenv:.env#', 'dotenv:.env#A-B'],
    holding(values) {
      // Ten to a file: one has 64 KB at most.
      const fileOf = (index: number): string => `many-${Math.floor(index / 10)}.env`
      for (const [index, value] of values.entries()) appendFileSync(join(root, fileOf(index)), `V${index}=${quoted(value)}\n`)
      return { provider: dotenvProvider, refs: values.map((_, index) => `dotenv:${fileOf(index)}#V${index}`), context: { root } }
    },
    // Node's dialect drops carriage returns, and nothing escapes a quote.
    holds: (value) => !value.includes('\r') && quoted(value) !== undefined,
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
    holding(values) {
      mkdirSync(join(root, 'many'))
      for (const [index, value] of values.entries()) writeFileSync(join(root, `many/${index}`), `${value}\n`)
      return { provider: fileProvider, refs: values.map((_, index) => `file:many/${index}`), context: { root } }
    },
    // The newline that is taken off may have come from Windows.
    holds: (value) => !value.endsWith('\r'),
  })
})
