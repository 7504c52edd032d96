import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FILES } from '../packages/core/src/dev/explorer/fixture.ts'
import { atTerminal, type Person } from './terminal.ts'

async function repository(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-dev-keys-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

/** Whatever fails, nothing keeps running. */
function serve(cwd: string): Person {
  const person = atTerminal(['dev', '--port', '0'], { cwd })
  onTestFinished(async () => {
    person.interrupt()
    await person.ended
  })
  return person
}

const SERVED = /✔ serve +http:\/\/127\.0\.0\.1:\d+/

test('a person serves, looks, restarts and quits by keys, and has a token from another terminal', async () => {
  const cwd = await repository()
  const person = serve(cwd)
  await person.answer('h + enter shows the keys', 'h\n')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+(?=\/call)/.exec(person.screen()) ?? []
  const purge = (token: string): Promise<Response> => fetch(`${url}/call`, {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: '{ "path": "notes/purge" }',
  })
  await person.answer('q + enter  quit', ' U \n')
  await person.answer(`${url}/call   explorer  ${url}/_stk`, 'nothing that is a key\n')

  const other = atTerminal(['dev', 'token', '--role', 'admin'], { cwd })
  expect(await other.ended).toBe(0)
  const token = other.screen().trim()
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect((await purge(token)).status).toBe(200)
  const guest = atTerminal(['dev', 'token', '--role', 'guest'], { cwd })
  await guest.ended
  expect((await purge(guest.screen().trim())).status).toBe(403)

  await person.answer(/^/, 'r\n')
  await person.answer(SERVED, 'u\n')
  // At the same address, and what was signed before is good.
  await person.answer(`${url}/call   explorer`, '')
  expect((await purge(token)).status).toBe(200)

  await person.answer(/^/, 'q\n')
  expect(await person.ended).toBe(0)
  await expect(purge(token)).rejects.toThrow()
  const late = atTerminal(['dev', 'token', '--role', 'admin'], { cwd })
  expect(await late.ended).toBe(1)
  expect(late.screen()).toContain('STK5004')
}, 60_000)

test('Ctrl-C ends it as it ends any command, and a save that is wrong is shown with its frame', async () => {
  const cwd = await repository()
  const person = serve(cwd)
  await person.answer('h + enter shows the keys', '')
  await writeFile(join(cwd, 'notes/logic/notes/list.sql'), '---\naccess: public\n---\nselect id, auhtor from notes\n')
  await person.answer('fails when it is called', '')
  expect(person.screen()).toMatch(/✖ check\s+✖ STK5006[\s\S]*no such column: auhtor[\s\S]*notes\/logic\/notes\/list\.sql:4:12[\s\S]*> 4 \| select id, auhtor from notes\n +\| {12}\^{6}\n/)
  person.interrupt()
  expect(await person.ended).toBe(130)
}, 60_000)
