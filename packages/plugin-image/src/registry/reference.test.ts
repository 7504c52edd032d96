import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apiOrigin, formatReference, parseReference } from './reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.each([
  ['ghcr.io/acme/shop:sha-1', { registry: 'ghcr.io', repository: 'acme/shop', tag: 'sha-1' }],
  ['ghcr.io/acme/shop', { registry: 'ghcr.io', repository: 'acme/shop' }],
  [`gcr.io/distroless/nodejs24-debian13:nonroot@${DIGEST}`, { registry: 'gcr.io', repository: 'distroless/nodejs24-debian13', tag: 'nonroot', digest: DIGEST }],
  ['node', { registry: 'docker.io', repository: 'library/node' }],
  ['acme/shop:v1', { registry: 'docker.io', repository: 'acme/shop', tag: 'v1' }],
  ['index.docker.io/acme/shop', { registry: 'docker.io', repository: 'acme/shop' }],
  ['docker.io/node', { registry: 'docker.io', repository: 'library/node' }],
  ['localhost/shop', { registry: 'localhost', repository: 'shop' }],
  ['localhost:5000/shop:v1', { registry: 'localhost:5000', repository: 'shop', tag: 'v1' }],
  ['127.0.0.1:5000/a/b__c/d-e', { registry: '127.0.0.1:5000', repository: 'a/b__c/d-e' }],
  ['[::1]:5000/shop', { registry: '[::1]:5000', repository: 'shop' }],
  ['GHCR.io/acme/shop', { registry: 'ghcr.io', repository: 'acme/shop' }],
])('reads %s', (text, expected) => {
  expect(parseReference(text)).toEqual(expected)
  expect(parseReference(formatReference(parseReference(text)))).toEqual(expected)
})

test.each([
  '', ' ', '/', 'ghcr.io/', 'ghcr.io//shop', 'ghcr.io/acme/Shop', 'https://ghcr.io/acme/shop', 'ghcr.io/acme/shop:', 'ghcr.io/acme/shop:-x', `ghcr.io/acme/shop:${'x'.repeat(129)}`,
  'ghcr.io/acme/shop@sha256:abc', 'ghcr.io/acme/shop@sha512:abc', `ghcr.io/acme/shop@${DIGEST}@${DIGEST}`, 'ghcr.io:0/shop', 'ghcr.io:99999/shop', 'a..b/shop', '-a.b/shop',
  'ghcr.io/acme/../shop', 'ghcr.io/acme/shop?x=1', 'ghcr.io/acme/shop#x', 'ghcr.io/acme/sh op', 'ghcr.io/acme/shop\n', 'user:pw@ghcr.io/shop', `ghcr.io/${'a/'.repeat(200)}b`, 'ghcr.io/a._b',
])('refuses %j', (text) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'STK4106' }) as Error)
})

test('whatever is read stays in its part of an address', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    let parsed
    try {
      parsed = parseReference(text)
    } catch {
      return
    }
    const url = new URL(`/v2/${parsed.repository}/manifests/${parsed.tag ?? 'x'}`, apiOrigin(parsed.registry))
    expect(url.pathname).toBe(`/v2/${parsed.repository}/manifests/${parsed.tag ?? 'x'}`)
    expect(url.search + url.hash + url.username).toBe('')
  }), { numRuns: 2000 })
})

describe('where a registry answers', () => {
  test.each([
    ['ghcr.io', false, 'https://ghcr.io'],
    ['docker.io', false, 'https://registry-1.docker.io'],
    ['localhost:5000', false, 'http://localhost:5000'],
    ['127.0.0.1:5000', false, 'http://127.0.0.1:5000'],
    ['[::1]:5000', false, 'http://[::1]:5000'],
    ['10.0.0.1:5000', false, 'https://10.0.0.1:5000'],
    ['10.0.0.1:5000', true, 'http://10.0.0.1:5000'],
    ['localhost.example.com', false, 'https://localhost.example.com'],
    ['127.0.0.1.example.com', false, 'https://127.0.0.1.example.com'],
    ['localhost:443', false, 'http://localhost:443'],
  ])('%s (insecure: %s) at %s', (registry, insecure, origin) => {
    expect(apiOrigin(registry, { insecure }).origin).toBe(origin)
  })
})
