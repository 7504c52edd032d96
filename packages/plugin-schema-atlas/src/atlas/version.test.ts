import { expect, test } from 'vitest'
import { checkFlags, parseVersion } from './version.ts'

test.each([
  ['atlas version v0.13.1\nhttps://github.com/ariga/atlas/releases/tag/v0.13.1\n', { version: '0.13.1', flavour: undefined }],
  ['atlas community version v0.31.0\n', { version: '0.31.0', flavour: 'community' }],
  ['atlas version v0.33.1-abc1234-canary\n', { version: '0.33.1', flavour: undefined }],
  ['atlas unofficial version - development\n', { version: 'development', flavour: 'unofficial' }],
  ['a notice of some kind\natlas CLI version v1.0.0\n', { version: '1.0.0', flavour: undefined }],
])('%j', (output, version) => {
  expect(parseVersion(output, '/bin/atlas')).toEqual(version)
})

test.each(['atlas version v0.12.9', 'atlas version v0.9.99', 'MongoDB Atlas CLI', ''])('%j is refused', (output) => {
  expect(() => parseVersion(output, '/bin/atlas')).toThrow('STK6002')
})

test('a missing flag is named', () => {
  const help = ['--url', '--to', '--dry-run', '--auto-approve', '--format', '--schema', '--exclude', '--env', '--config'].join(' ')
  checkFlags(help, 'atlas')
  expect(() => checkFlags(help.replace('--format', '--formats'), 'atlas')).toThrow('--format')
})
