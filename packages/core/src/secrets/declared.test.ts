import { expect, test } from 'vitest'
import { declaredSecrets, targetCredentials } from './declared.ts'
import { secret } from './secret-ref.ts'
import { pg, libsql, project } from './fixture.ts'

test('lists every secret of every database, sorted, with what asks for it', () => {
  const shop = project('shop', {
    databases: {
      main: pg(secret('DATABASE_URL')),
      cache: libsql(secret('CACHE_URL'), secret('CACHE_TOKEN', { optional: true })),
      audit: pg('postgres://localhost/audit'),
    },
  })
  expect(declaredSecrets(shop)).toEqual([
    { name: 'CACHE_TOKEN', optional: true, usedBy: ['databases.cache.authToken'] },
    { name: 'CACHE_URL', optional: false, usedBy: ['databases.cache.url'] },
    { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] },
  ])
})

test('a secret that one setting needs and another can do without is needed', () => {
  const shop = project('shop', {
    databases: { b: libsql('file:b', secret('TOKEN', { optional: true })), a: libsql('file:a', secret('TOKEN')) },
  })
  expect(declaredSecrets(shop)).toEqual([{ name: 'TOKEN', optional: false, usedBy: ['databases.a.authToken', 'databases.b.authToken'] }])
})

test('the credentials of targets are listed apart: the Bridge must not ask for them', () => {
  const shop = project('shop', {
    databases: { main: pg(secret('DATABASE_URL')) },
    targets: [{
      name: 'image', type: 'image', plugin: 'image',
      options: { repository: 'ghcr.io/acme/shop', auth: [{ password: secret('GHCR_TOKEN') }], client: new Map([['x', secret('NOT_PLAIN')]]) },
    }],
  })
  expect(declaredSecrets(shop).map(({ name }) => name)).toEqual(['DATABASE_URL'])
  expect(targetCredentials(shop)).toEqual([{ name: 'GHCR_TOKEN', optional: false, usedBy: ['targets.image.auth.0.password'] }])
})
