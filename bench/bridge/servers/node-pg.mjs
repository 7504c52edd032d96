// node:http and stock pg, by hand: no framework, no validation beyond a number.
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { readNote } from './own-note.mjs'
import pg from 'pg'
import { SQL } from '../scenarios.mjs'

const { DATABASE_URL, ISSUER, JWKS } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
const keys = createRemoteJWKSet(new URL(JWKS))

async function answer(request) {
  const url = new URL(request.url, 'http://x')
  const secure = url.pathname.startsWith('/auth')
  const [, collection, id] = url.pathname.slice(secure ? 5 : 0).split('/')
  const claims = secure ? await verify(request.headers.authorization) : {}
  switch (collection) {
    case 'items': {
      if (id === undefined) return (await pool.query({ name: 'items', text: SQL.items, values: [Number(url.searchParams.get('after'))] })).rows
      return (await pool.query({ name: 'item', text: SQL.item, values: [Number(id)] })).rows[0]
    }
    case 'events': {
      const { itemId, note } = JSON.parse(await readBody(request))
      return (await pool.query({ name: 'event', text: SQL.event, values: [itemId, note] })).rows[0]
    }
    case 'notes': return readNote(pool, claims, Number(id))
  }
}

async function verify(authorization = '') {
  const { payload } = await jwtVerify(authorization.replace(/^Bearer /, ''), keys, { issuer: ISSUER, audience: 'bench', algorithms: ['RS256'] })
  return payload
}

async function readBody(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

const server = createServer((request, response) => {
  const send = (status, body) => response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
  answer(request).then(
    (data) => data === undefined ? send(404, '{"error":"not found"}') : send(200, JSON.stringify(data)),
    (error) => send(error.code?.startsWith('ERR_J') ? 401 : 500, '{"error":"failed"}'),
  )
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
