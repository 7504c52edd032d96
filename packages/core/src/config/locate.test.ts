import { expect, test } from 'vitest'
import { locateInSource } from './locate.ts'

const text = `import { defineConfig, secret } from '@santokit/core'
// projects: { shop: { root: 'not here' } }
export default defineConfig(({ command }) => ({
  plugins: [image({ projects: { shop: { root: 1 } } })],
  projects: {
    shop: {
      root: \`a{\${command}\`, /* databases: { */
      databases: { main: { driver: 'pg', url: secret('DATABASE_URL', { optional: true }), pool: { max: 10 } } },
      auth: { issuers: [{ issuer: 'a:{' }, { issuer: "b", 'audience': x ? [1, 2] : 'y' }] },
      permissions: { 'orders/*': ['admin'] },
    },
  },
}))
`

test.each([
  [['projects', 'shop', 'root'], 7, 7],
  [['projects', 'shop', 'databases', 'main', 'pool', 'max'], 8, 99],
  [['projects', 'shop', 'auth', 'issuers', 1, 'issuer'], 9, 46],
  [['projects', 'shop', 'auth', 'issuers', 1, 'audience'], 9, 59],
  [['projects', 'shop', 'permissions', 'orders/*'], 10, 22],
])('finds %j', (path, line, column) => {
  expect(locateInSource('santokit.config.ts', text, path)).toMatchObject({ file: 'santokit.config.ts', line, column })
})

test('says nothing about what is not written out, or is written twice', () => {
  expect(locateInSource('f', text, ['projects', 'shop', 'limits'])).toBeUndefined()
  expect(locateInSource('f', `${text}\nconst other = { projects: { shop: { root: 1 } } }`, ['projects', 'shop', 'root'])).toBeUndefined()
  expect(locateInSource('f', '{ a: { b: 1 }', ['a', 'b'])).toBeUndefined()
})

test('reads JSON', () => {
  expect(locateInSource('f', '{\n  "outDir": 1\n}', ['outDir'])).toMatchObject({ line: 2, column: 3, length: 8 })
})
