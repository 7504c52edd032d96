import { expect, test } from 'vitest'
import { makeTar, type TarEntry } from '../../test/bundle.ts'
import { ArchiveError, readUstar } from './ustar.ts'

test('the files of an archive come out as they went in', () => {
  const files = readUstar(makeTar([
    { path: 'manifest.json', content: '{}' }, { path: 'bundle/', type: '5' }, { path: 'bundle/a.mjs', content: 'x'.repeat(1025) },
  ]))
  expect(files.map(({ path, content }) => [path, Buffer.from(content).toString()])).toEqual([
    ['manifest.json', '{}'], ['bundle/a.mjs', 'x'.repeat(1025)],
  ])
})

const refused: readonly [what: string, ...entries: TarEntry[]][] = [
  ['a way up', { path: '../evil' }],
  ['a way up within a path', { path: 'bundle/../../evil' }],
  ['an absolute path', { path: '/etc/passwd' }],
  ['a Windows path', { path: 'bundle\\..\\evil' }],
  ['a drive', { path: 'C:evil' }],
  ['an empty segment', { path: 'bundle//a' }],
  ['a file whose name ends as a folder', { path: 'bundle/a/' }],
  ['a symbolic link', { path: 'bundle/a', type: '2', link: '/etc/passwd' }],
  ['a hard link', { path: 'bundle/a', type: '1', link: 'manifest.json' }],
  ['a device', { path: 'bundle/a', type: '3' }],
  ['an extended header', { path: 'bundle/a', type: 'x', content: '12 path=../x\n' }],
  ['a GNU long name', { path: 'bundle/a', type: 'L', content: '../x' }],
  ['a path twice', { path: 'bundle/a' }, { path: 'bundle/a' }],
  ['a path twice where case does not count', { path: 'bundle/a' }, { path: 'bundle/A' }],
  ['a folder with content', { path: 'bundle/', type: '5', content: 'x' }],
]

test.each(refused)('%s is refused', (_, ...entries) => {
  expect(() => readUstar(makeTar(entries))).toThrow(ArchiveError)
})

test('an archive that is cut, damaged or goes on after its end is refused', () => {
  const archive = makeTar([{ path: 'manifest.json', content: 'x'.repeat(600) }])
  expect(() => readUstar(archive.subarray(0, 512 + 500))).toThrow('ends within')
  expect(() => readUstar(archive.subarray(0, 512 + 1024))).toThrow('ends in the middle')
  const damaged = Buffer.from(archive)
  damaged[0] = 0x78
  expect(() => readUstar(damaged)).toThrow('damaged')
  expect(() => readUstar(Buffer.concat([archive, Buffer.from('more')]))).toThrow('goes on')
})
