import { expect, test } from 'vitest'
import { guardAddresses, isPrivateAddress, resolveAddress } from './addresses.ts'

test.each(['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '::1', '::', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1', '::ffff:a00:1', 'nonsense'])(
  '%s is private', (address) => { expect(isPrivateAddress(address)).toBe(true) })

test.each(['93.184.216.34', '172.32.0.1', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is not', (address) => { expect(isPrivateAddress(address)).toBe(false) })

const lookup = (hostname: string): Promise<readonly string[]> => Promise.resolve([hostname.startsWith('in.') ? '10.0.0.1' : '93.184.216.34'])

test.each([
  ['https://ghcr.io', 'https://pkg.example.com/x', true],
  ['https://ghcr.io', 'https://in.example.com/x', false],
  ['https://ghcr.io', 'http://pkg.example.com/x', false],
  ['https://in.registry', 'https://in.example.com/x', true],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:6000/x', true],
  ['http://127.0.0.1:5000', 'https://pkg.example.com/x', true],
  ['https://ghcr.io', 'file:///etc/passwd', false],
])('%s may name %s: %s', async (registry, named, allowed) => {
  const checked = guardAddresses(new URL(registry), lookup).check(new URL(named), 'an upload')
  await (allowed ? expect(checked).resolves.toBeUndefined() : expect(checked).rejects.toMatchObject({ code: 'STK4108' }))
})

test('the same host is asked as before, though it says http', () => {
  expect(resolveAddress('http://r.example/x?a=1', new URL('https://r.example/v2/'))?.href).toBe('https://r.example/x?a=1')
  expect(resolveAddress('http://r.example/x', new URL('https://r.example:8443/v2/'))?.href).toBe('https://r.example:8443/x')
  expect(resolveAddress('http://other.example/x', new URL('https://r.example/v2/'))?.href).toBe('http://other.example/x')
  expect(resolveAddress('http://[', new URL('https://r.example/'))).toBeUndefined()
})
