import { request } from 'node:http'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { CONFIG, develop, FILES } from './fixture.ts'
import { isLoopbackHost } from './guard.ts'

/** Sends a request as a browser would, with headers that `fetch` does not let one set. */
function ask(url: string, { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => { text += chunk.toString() })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

test('a token is minted for any role, subject and claim, and the Bridge takes it', async () => {
  const { url, call } = await develop()
  const mint = async (asked: unknown): Promise<string> => (JSON.parse((await ask(`${url}/_stk/api/token`, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(asked) })).text) as { token: string }).token
  expect((await call('notes/purge', {}, await mint({ roles: ['admin'] }))).status).toBe(200)
  expect((await call('notes/purge', {}, await mint({ roles: ['guest'], sub: 'alice' }))).status).toBe(403)
  expect(await (await call('notes/add', { text: 'mine' }, await mint({ sub: 'carol', claims: { org: { id: 7 } } }))).json()).toMatchObject({ data: { author: 'carol' } })
  expect((await call('notes/purge', {}, await mint({ roles: ['admin'], expiresIn: '-10m' }))).status).toBe(401)
  expect((await call('notes/purge', {}, await mint({ roles: ['admin'], audience: 'somebody-else' }))).status).toBe(401)
  const refused = await ask(`${url}/_stk/api/token`, { method: 'POST', headers: JSON_TYPE, body: '{ "claims": { "iss": "https://evil.example" } }' })
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('iss')])
})

test('a project that names no issuer yet has tokens for its own name; one without verification has none', async () => {
  const issuers = `auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'notes', claims: { roles: 'roles' } }] },`
  const mint = async (url: string): Promise<{ status: number; token?: string; error?: string }> => {
    const { status, text } = await ask(`${url}/_stk/api/token`, { method: 'POST', headers: JSON_TYPE, body: '{ "roles": ["admin"] }' })
    return { status, ...(JSON.parse(text) as { token?: string; error?: string }) }
  }
  const without = await develop({ ...FILES, 'santokit.config.mjs': CONFIG.replace(issuers, 'auth: { issuers: [] },') })
  const minted = await mint(without.url)
  expect(minted).toMatchObject({ status: 200 })
  expect(decodeJwt(minted.token ?? '')).toMatchObject({ aud: 'notes', roles: ['admin'] })
  expect((await without.call('notes/purge', {}, minted.token)).status).toBe(200)
  const [{ token } = { token: '' }] = await without.server.projects()
  expect((await without.call('notes/purge', {}, token)).status).toBe(200)

  const open = await develop({ ...FILES, 'santokit.config.mjs': CONFIG.replace(issuers, `auth: 'none',`) })
  expect(await mint(open.url)).toMatchObject({ status: 409, error: expect.stringContaining(`auth: 'none'`) as string })
  expect((await open.server.projects())[0]?.token).toBe('')
})

test('no page of the web can ask for a token, or read what is here', async () => {
  const { url } = await develop()
  const { host } = new URL(url)
  const post = { method: 'POST', body: '{}' }
  for (const [headers, status] of [
    // DNS rebinding: the browser believes that this is the attacker's own host.
    [{ ...JSON_TYPE, host: 'evil.example' }, 421],
    [{ ...JSON_TYPE, host: `localhost.evil.example:${new URL(url).port}` }, 421],
    [{ ...JSON_TYPE, origin: 'https://evil.example' }, 403],
    [{ ...JSON_TYPE, origin: 'null' }, 403],
    [{ ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, 403],
    // Another port of this machine, a page of some other program.
    [{ ...JSON_TYPE, origin: 'http://127.0.0.1:5173', 'sec-fetch-site': 'same-site' }, 403],
    // What a form can send without being asked.
    [{ 'content-type': 'text/plain' }, 415],
  ] as const) {
    expect([headers, (await ask(`${url}/_stk/api/token`, { ...post, headers })).status]).toEqual([headers, status])
  }
  expect((await ask(`${url}/_stk/api/token`, { ...post, headers: { ...JSON_TYPE, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
  for (const path of ['state', 'events', 'calls/1']) {
    expect((await ask(`${url}/_stk/api/${path}`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    expect((await ask(`${url}/_stk/api/${path}`, { headers: { host: 'evil.example' } })).status).toBe(421)
  }
})

test('loopback names, and nothing that only looks like one', () => {
  for (const host of ['localhost', 'localhost:4100', '127.0.0.1:4100', '127.1.2.3', '[::1]:4100', 'shop.localhost:1']) expect([host, isLoopbackHost(host)]).toEqual([host, true])
  for (const host of ['', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:80@localhost', '0.0.0.0', '[::ffff:1.2.3.4]', 'xlocalhost', '10.0.0.1']) expect([host, isLoopbackHost(host)]).toEqual([host, false])
})

test('the page and its files come with a policy that allows nothing from elsewhere; no other file is to be had', async () => {
  const { url } = await develop()
  const page = await ask(`${url}/_stk`)
  expect(page.status).toBe(200)
  expect(page.headers).toMatchObject({
    'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'; require-trusted-types-for 'script'$/) as string, 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff',
  })
  const named = [...page.text.matchAll(/(?:href|src)="(\/_stk\/[^"]+)"/g)].map(([, path]) => path as string)
  expect(named.length).toBeGreaterThan(2)
  const files = new Set(named)
  for (const path of files) {
    const { status, text } = await ask(url + path)
    expect([path, status]).toEqual([path, 200])
    // What modules import is part of the page.
    for (const [, name] of text.matchAll(/from '\.\/([a-z-]+\.js)'/g)) files.add(`/_stk/${name}`)
    expect(text).not.toMatch(/(?:src|href|url|import|from)\s*[=(]?\s*['"]https?:/)
  }
  expect([...files].filter((path) => path.endsWith('.js')).length).toBeGreaterThan(8)
  for (const path of ['/_stk/../package.json', '/_stk/..%2fpackage.json', '/_stk/%2e%2e/package.json', '/_stk/nothing.js', '/_stk/.env', '/_stk/api/none']) expect([path, (await ask(url + path)).status]).toEqual([path, 404])
  // A logic of that name would be the Bridge's.
  expect((await ask(`${url}/_stkx`)).status).toBe(404)
})

test('an answer says what it took, and the log of a failed call is for its author', async () => {
  const { url, call } = await develop()
  const answer = await call('notes/list')
  expect(answer.headers.get('server-timing')).toMatch(/^bridge;dur=[\d.]+, db;dur=[\d.]+$/)
  const failed = await call('stats/slow')
  expect(await failed.text()).not.toContain('March')
  const note = JSON.parse((await ask(`${url}/_stk/api/calls/${failed.headers.get('x-request-id')}`)).text) as unknown
  expect(note).toMatchObject({ logic: 'stats/slow', status: 500, error: { message: 'the figures of March are missing' } })
})

test('listeners are told in the order in which they are called', async () => {
  const { url } = await develop()
  const { listeners, plugins } = JSON.parse((await ask(`${url}/_stk/api/state`)).text) as { listeners: { hook: string; plugin: string }[]; plugins: { name: string }[] }
  expect(listeners.filter(({ hook }) => hook === 'bundle:done').map(({ plugin }) => plugin)).toEqual(['licences', 'naming', 'metrics'])
  expect(plugins.map(({ name }) => name)).toEqual(['naming', 'licences', 'metrics'])
})
