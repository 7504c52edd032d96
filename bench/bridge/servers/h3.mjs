// h3 and stock pg.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { H3, HTTPError, readBody, serve } from 'h3'
import pg from 'pg'
import { readNote } from './own-note.mjs'
import { SQL } from '../scenarios.mjs'

const { DATABASE_URL, ISSUER, JWKS } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
const keys = createRemoteJWKSet(new URL(JWKS))

const app = new H3()
const found = (row) => row ?? Promise.reject(new HTTPError({ status: 404 }))
for (const prefix of ['', '/auth']) {
  app.get(`${prefix}/items/:id`, async ({ context }) => found((await pool.query({ name: 'item', text: SQL.item, values: [Number(context.params.id)] })).rows[0]))
  app.get(`${prefix}/items`, async ({ url }) => (await pool.query({ name: 'items', text: SQL.items, values: [Number(url.searchParams.get('after'))] })).rows)
  app.post(`${prefix}/events`, async (event) => {
    const { itemId, note } = await readBody(event)
    return (await pool.query({ name: 'event', text: SQL.event, values: [itemId, note] })).rows[0]
  })
  app.get(`${prefix}/notes/:id`, async ({ context }) => found(await readNote(pool, context.claims ?? {}, Number(context.params.id))))
}
app.use('/auth/**', async ({ req, context }) => {
  try {
    const token = (req.headers.get('authorization') ?? '').replace(/^Bearer /, '')
    context.claims = (await jwtVerify(token, keys, { issuer: ISSUER, audience: 'bench', algorithms: ['RS256'] })).payload
  } catch {
    throw new HTTPError({ status: 401 })
  }
})
const server = serve(app, { port: 0, hostname: '127.0.0.1', silent: true })
await server.ready()
console.log(`http://127.0.0.1:${new URL(server.url).port}`)
