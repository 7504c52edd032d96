import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { unpackTar } from 'modern-tar'
import { expect, test } from 'vitest'
import { createArchive } from './archive.ts'
import { packUstar } from './ustar.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('an archive is read back by an independent reader as it was packed', async () => {
  const segment = fc.stringMatching(/^[a-z_][a-zA-Z0-9_-]{0,30}$/)
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
  await fc.assert(
    fc.asyncProperty(fc.dictionary(path, fc.uint8Array({ maxLength: 2000 }), { maxKeys: 8 }), async (files) => {
      const entries = Object.entries(files).map(([path, bytes]) => ({ path, bytes }))
      const { bytes } = await createArchive(entries)
      const read = await unpackTar(gunzipSync(bytes))
      const found = Object.fromEntries(read.map((entry) => [entry.header.name, Buffer.from(entry.data ?? [])]))
      expect(found).toEqual(Object.fromEntries(entries.map((entry) => [entry.path, Buffer.from(entry.bytes)])))
      for (const entry of read) {
        expect(entry.header).toMatchObject({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'file' })
      }
    }),
    { numRuns: 50 },
  )
})

test('the order in which files are given does not reach the bytes', () => {
  const a = { path: 'a.txt', bytes: text('a') }
  const b = { path: 'b/c.txt', bytes: text('c') }
  expect(packUstar([a, b])).toEqual(packUstar([b, a]))
})

test('a known archive has a known digest on every machine', async () => {
  const archive = await createArchive([
    { path: 'manifest.json', bytes: text('{"manifestVersion":1}\n') },
    { path: 'bundle/logic/orders/list.mjs', bytes: text('export default {}\n'.repeat(100)) },
  ])
  expect(archive.digest).toMatchInlineSnapshot(`"sha256:1048dda5077d78fdd3fafe4d3c5be4c3af7e0125f352bdb74d091a3bdd9242a7"`)
})

test('a path over 100 bytes is split at a slash, and one that cannot be is refused', async () => {
  const deep = `${'folder/'.repeat(15)}file.mjs`
  const read = await unpackTar(packUstar([{ path: deep, bytes: text('x') }]))
  expect(read[0]?.header.name).toBe(deep)
  expect(() => packUstar([{ path: 'x'.repeat(101), bytes: text('x') }])).toThrow(/too long/)
})

test('a folder is an entry of its own that anybody may enter', async () => {
  const read = await unpackTar(packUstar([{ path: 'app/a.txt', bytes: text('a') }, { path: 'app/', bytes: new Uint8Array() }]))
  expect(read.map(({ header }) => [header.name, header.type, header.mode])).toEqual([['app/', 'directory', 0o755], ['app/a.txt', 'file', 0o644]])
})
