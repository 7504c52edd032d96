import { expect, test } from 'vitest'
import { takeDeclarations } from './declarations.ts'
import { secret } from './secret-ref.ts'

test('leaves names in the settings, and keeps what was said of them apart', () => {
  const client = new Map([['x', secret('NOT_LOOKED_INTO', { type: 'int' })]])
  const taken = takeDeclarations({
    databases: { main: { url: secret('DATABASE_URL', { type: 'url', description: 'The primary' }), authToken: secret('TOKEN', { optional: true, type: 'jwt' }) } },
    targets: { image: { keys: [secret('KEY', { type: 'pem' }), 'plain'], client, secret: { secret: 'X', other: 1 } } },
  })
  expect(taken.settings).toEqual({
    databases: { main: { url: { secret: 'DATABASE_URL' }, authToken: { secret: 'TOKEN', optional: true } } },
    targets: { image: { keys: [{ secret: 'KEY' }, 'plain'], client, secret: { secret: 'X', other: 1 } } },
  })
  expect(taken.declarations).toEqual({
    DATABASE_URL: { type: 'url', description: 'The primary' }, TOKEN: { type: 'jwt' }, KEY: { type: 'pem' },
  })
  expect(taken.faults).toEqual([])
})

test('what is said in one place is known in the other; two types are a fault', () => {
  const both = takeDeclarations({ a: secret('A', { type: 'url' }), b: secret('A', { description: 'From the wiki' }), c: secret('A') })
  expect(both.declarations).toEqual({ A: { type: 'url', description: 'From the wiki' } })
  const { faults } = takeDeclarations({ a: secret('A', { type: 'url' }), b: secret('A', { type: 'int' }) })
  expect(faults).toEqual([{ path: ['b'], problem: 'declares A as int, and another setting as url', fix: expect.any(String) }])
})

test('unknown types and descriptions that break a template are faults, with the type that was meant', () => {
  const { faults } = takeDeclarations({
    a: { secret: 'A', type: 'uri' }, b: { secret: 'B', type: 5 }, c: { secret: 'C', description: 'two\nlines' }, d: { secret: 'D', description: 7 }, e: { secret: 'E', type: 'toString' },
  })
  expect(faults.map(({ path, fix }) => [path.join('.'), fix])).toEqual([
    ['a', 'Did you mean "url"?'], ['b', expect.stringContaining('There is: string')], ['c', undefined], ['d', undefined], ['e', expect.any(String)],
  ])
})
