import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBridge } from '@santokit/bridge/node'
import { expect, onTestFinished, test } from 'vitest'
import { checkout, LIST } from './checkout.ts'

const FILE = 'santokit-env.d.ts'

test('sync writes the types, and --check tells when they are out of date', async () => {
  const repository = await checkout()
  expect(await repository.stk('sync', '--check')).toMatchObject({ code: 1 })
  expect(await repository.stk('sync')).toMatchObject({ code: 0 })
  expect(await repository.read(FILE)).toMatch(/readonly list: Call<\{\s+readonly limit\?: number\s+\}, readonly Row\[\]>/)
  expect(await repository.stk('sync', '--check')).toMatchObject({ code: 0 })

  await repository.write('notes/logic/notes/list.sql', LIST.replace('limit:', 'limit: { type: int, default: 1 }\n  more:').replace(':limit', ':limit offset :more'))
  const before = await repository.files()
  const checked = await repository.stk('sync', '--check')
  expect(checked).toMatchObject({ code: 1 })
  expect(checked.stdout).toContain('stk sync')
  expect(await repository.files()).toEqual(before)
  expect(await repository.stk('sync', '--json')).toMatchObject({ code: 0, events: expect.arrayContaining([expect.objectContaining({ type: 'result', changed: true })]) as unknown })
  expect(await repository.read(FILE)).toContain('readonly more?: number')
}, 120_000)

test('a running Bridge gives the same types as its sources', async () => {
  const repository = await checkout()
  await repository.write('notes/logic/notes/add.ts', `import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'

const Note = z.object({ text: z.string(), get replies() { return z.array(Note).optional() } }).meta({ id: 'Note' })

export default defineLogic({ access: 'public', description: 'Keeps a note.', params: z.object({ note: Note, tags: z.array(z.enum(['a', 'b'])).default([]) }), returns: z.object({ id: z.number() }), handler: async () => ({ id: 1 }) })
`)
  await repository.write('notes/logic/notes/_hidden.sql', '---\naccess: public\n---\nselect 1\n')
  expect(await repository.stk('build')).toMatchObject({ code: 0 })
  expect(await repository.stk('sync')).toMatchObject({ code: 0 })
  const bridge = await startBridge({
    env: { BUNDLE_PATH: join(repository.root, 'dist/notes'), DATABASE_URL: `file:${join(repository.root, 'notes.db')}`, HOST: '127.0.0.1', PORT: '0' }, log: () => {},
  })
  onTestFinished(() => bridge.close())
  expect(await repository.stk('sync', '--from', bridge.url, '--out', 'remote.d.ts')).toMatchObject({ code: 0 })
  const types = await repository.read('remote.d.ts')
  expect(types).toBe(await repository.read(FILE))
  expect(types).toContain('Keeps a note.')
  expect(types).not.toContain('_hidden')
})

test('a manifest gives the same types as its sources, and needs no config', async () => {
  const repository = await checkout()
  expect(await repository.stk('build')).toMatchObject({ code: 0 })
  expect(await repository.stk('sync')).toMatchObject({ code: 0 })
  await repository.remove('santokit.config.ts')
  expect(await repository.stk('sync', '--from', 'dist/notes/manifest.json', '--out', 'built.d.ts')).toMatchObject({ code: 0, stderr: '' })
  expect(await repository.read('built.d.ts')).toBe(await repository.read(FILE))
})

test('a file that is no manifest is refused, and nothing is written', async () => {
  const repository = await checkout()
  expect(await repository.stk('bundle')).toMatchObject({ code: 0 })
  const manifest = await repository.read('dist/notes/manifest.json')
  await repository.write('changed.json', manifest.replace('notes/list', 'notes/last'))
  await repository.write('newer.json', manifest.replace(/"manifestVersion": ?1/, '"manifestVersion":99'))
  await repository.write('text.json', '<html>')
  const before = await repository.files()
  for (const [from, why] of [
    ['shop', 'no such file'], ['dist/notes', 'stk sync --from dist/notes/manifest.json'], ['package.json', 'no manifest'], ['text.json', 'no manifest'],
    ['changed.json', 'changed after it was built'], ['newer.json', 'has 99'], ['santokit.config.ts/manifest.json', 'no such file'],
  ] as const) {
    const ran = await repository.stk('sync', '--from', from)
    expect([from, ran.code, ran.stderr]).toEqual([from, 2, expect.stringContaining(why)])
  }
  expect(await repository.stk('sync', '--from', 'dist/notes/manifest.json', '--from', 'dist/notes/manifest.json')).toMatchObject({ code: 2 })
  expect(await repository.files()).toEqual(before)
})

test('what is not a Bridge is refused, and nothing is written', async () => {
  const repository = await checkout()
  const server = createServer((request, response) => {
    if (request.url === '/text/openapi.json') response.end('<html>')
    else if (request.url === '/other/openapi.json') response.end('{"openapi":"3.1.0","info":{"title":"pets"},"paths":{}}')
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const before = await repository.files()
  for (const [from, code, why] of [
    ['ftp://shop', 2, 'not the address'], [`${url}/text`, 1, 'not a Bridge'], [`${url}/other`, 1, 'not a Bridge'], [`${url}/none`, 1, '404'], ['http://127.0.0.1:1', 1, 'cannot be reached'],
  ] as const) {
    const ran = await repository.stk('sync', '--from', from)
    expect([from, ran.code, ran.stderr]).toEqual([from, code, expect.stringContaining(why)])
  }
  expect(await repository.stk('sync', '--from', url, '--project', 'notes')).toMatchObject({ code: 2 })
  expect(await repository.files()).toEqual(before)
})

test("this repository's own types are up to date", () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'packages/core/bin/stk.mjs'), 'sync', '--check'], { cwd: root, encoding: 'utf8' })
  expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('up to date')])
})
