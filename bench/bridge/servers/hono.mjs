// Hono and postgres.js, with jose.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import postgres from 'postgres'

const { DATABASE_URL, ISSUER, JWKS } = process.env
const sql = postgres(DATABASE_URL, { max: 10 })
const keys = createRemoteJWKSet(new URL(JWKS))

const app = new Hono()
app.use('/auth/*', async (c, next) => {
  try {
    const token = (c.req.header('authorization') ?? '').replace(/^Bearer /, '')
    c.set('claims', (await jwtVerify(token, keys, { issuer: ISSUER, audience: 'bench', algorithms: ['RS256'] })).payload)
  } catch {
    return c.json({ error: 'unauthenticated' }, 401)
  }
  await next()
})
const found = (c, row) => row === undefined ? c.json({ error: 'not found' }, 404) : c.json(row)
for (const prefix of ['', '/auth']) {
  app.get(`${prefix}/items/:id`, async (c) =>
    found(c, (await sql`select id, name, price, active, created_at from items where id = ${Number(c.req.param('id'))}`)[0]))
  app.get(`${prefix}/items`, async (c) =>
    c.json(await sql`select id, name, price, active, created_at from items where id > ${Number(c.req.query('after'))} order by id limit 100`))
  app.post(`${prefix}/events`, async (c) => {
    const { itemId, note } = await c.req.json()
    return c.json((await sql`insert into events (item_id, note) values (${itemId}, ${note}) returning id`)[0])
  })
  app.get(`${prefix}/notes/:id`, async (c) => {
    const claims = c.get('claims') ?? {}
    const [row] = await sql.begin(async (tx) => {
      await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true), set_config('role', ${claims.role ?? 'none'}, true)`
      return tx`select id, body from notes where id = ${Number(c.req.param('id'))}`
    })
    return found(c, row)
  })
}
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(`http://127.0.0.1:${port}`))
