import { secret } from '@santokit/core'
import { describe, expect, test } from 'vitest'
import { tarballOptions } from './options.ts'

const refusals = (options: object) => {
  const parsed = tarballOptions.safeParse(options)
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
}

test('a folder is a path from the root, or a file URL', () => {
  expect(tarballOptions.parse({ to: 'file:./releases' })).toEqual({ kind: 'file', path: './releases' })
  expect(tarballOptions.parse({ to: 'file:releases' })).toEqual({ kind: 'file', path: 'releases' })
  expect(tarballOptions.parse({ to: 'file:///srv/releases' })).toEqual({ kind: 'file', path: 'file:///srv/releases' })
})

test('a bucket takes its keys from the usual secrets', () => {
  expect(tarballOptions.parse({ to: 's3://bundles/acme/', endpoint: 'https://account.r2.cloudflarestorage.com/' })).toEqual({
    kind: 's3', bucket: 'bundles', prefix: 'acme', endpoint: 'https://account.r2.cloudflarestorage.com', region: 'auto',
    accessKeyId: secret('AWS_ACCESS_KEY_ID'), secretAccessKey: secret('AWS_SECRET_ACCESS_KEY'),
    sessionToken: secret('AWS_SESSION_TOKEN', { optional: true }),
  })
})

test('keys that are given are not mixed with a session token of the environment', () => {
  expect(tarballOptions.parse({ to: 's3://bundles', region: 'eu-central-1', accessKeyId: secret('R2_KEY'), secretAccessKey: secret('R2_SECRET') }))
    .toMatchObject({ prefix: '', endpoint: undefined, sessionToken: undefined })
})

test('a repository takes its token from GITHUB_TOKEN', () => {
  expect(tarballOptions.parse({ to: 'github:acme/shop.releases' })).toEqual({
    kind: 'github', owner: 'acme', repo: 'shop.releases', token: secret('GITHUB_TOKEN'), apiUrl: 'https://api.github.com',
  })
})

describe('is refused', () => {
  test.each([
    ['a place of no kind', { to: './releases' }, ['to names no kind of place']],
    ['a place of an unknown kind', { to: 'ftp://host/x' }, ['to begins with "ftp:", which is not a place for releases']],
    ['a folder of another computer', { to: 'file://host/releases' }, ['to names another computer: two slashes are followed by its name']],
    ['a folder without a name', { to: 'file:' }, ['to names no folder']],
    ['a bucket without a name', { to: 's3://', region: 'x' }, ['to names no bucket']],
    ['a prefix that leads up', { to: 's3://bundles/../x', region: 'x' }, ['to has a prefix with other characters than letters, digits, ".", "_", "-" and "/"']],
    ['Amazon S3 without a region', { to: 's3://bundles' }, ['region is missing: without an `endpoint` the bucket is at Amazon S3, which needs its region']],
    ['a repository without an owner', { to: 'github:shop' }, ['to names no repository']],
    ['a path for a repository', { to: 'github:acme/..' }, ['to names no repository']],
    ['an endpoint in clear text', { to: 's3://bundles', endpoint: 'http://s3.example.com' }, ['endpoint is not https, and credentials would be sent there']],
    ['a name that only looks like this computer', { to: 's3://bundles', endpoint: 'http://127.0.0.1.example.com' }, ['endpoint is not https, and credentials would be sent there']],
    ['an endpoint with credentials in it', { to: 's3://bundles', endpoint: 'https://key:secret@s3.example.com' }, ['endpoint holds more than an address']],
    ['an API in clear text', { to: 'github:a/b', apiUrl: 'http://github.example.com' }, ['apiUrl is not https, and credentials would be sent there']],
    [
      'options of other destinations, all at once', { to: 'file:x', region: 'auto', token: 'x' },
      ['region is for s3: destinations, and `to` begins with "file:"', 'token is for github: destinations, and `to` begins with "file:"'],
    ],
  ])('%s', (_, options, expected) => {
    expect(refusals(options)).toEqual(expected)
  })

  test('an option that does not exist', () => {
    expect(tarballOptions.safeParse({ to: 'file:x', keep: 5 }).error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['keep'] }])
  })
})

test('plain http is for this computer', () => {
  for (const endpoint of ['http://127.0.0.1:9000', 'http://localhost:9000', 'http://[::1]:9000']) {
    expect(refusals({ to: 's3://bundles', endpoint })).toEqual([])
  }
})
