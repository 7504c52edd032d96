// Fastify with pg, zod and jose: what a careful team would put together.
import Fastify from 'fastify'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import pg from 'pg'
import { z } from 'zod'
import { readNote } from './own-note.mjs'
import { SQL } from '../scenarios.mjs'

const { DATABASE_URL, ISSUER, JWKS } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
const keys = createRemoteJWKSet(new URL(JWKS))

const byId = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) })
const after = z.object({ after: z.coerce.number().int().min(0) })
const event = z.object({ itemId: z.number().int().min(1), note: z.string().max(200) })

const app = Fastify({ logger: false })
app.setErrorHandler((error, _, reply) => reply.code(error instanceof z.ZodError ? 422 : error.code?.startsWith('ERR_J') ? 401 : 500).send({ error: 'failed' }))

function routes(scope) {
  scope.get('/items/:id', async ({ params }, reply) => {
    const { id } = byId.parse(params)
    const { rows } = await pool.query({ name: 'item', text: SQL.item, values: [id] })
    return rows[0] ?? reply.code(404).send({ error: 'not found' })
  })
  scope.get('/items', async ({ query }) => (await pool.query({ name: 'items', text: SQL.items, values: [after.parse(query).after] })).rows)
  scope.post('/events', async ({ body }) => {
    const { itemId, note } = event.parse(body)
    return (await pool.query({ name: 'event', text: SQL.event, values: [itemId, note] })).rows[0]
  })
  scope.get('/notes/:id', async ({ params, claims }, reply) =>
    await readNote(pool, claims ?? {}, byId.parse(params).id) ?? reply.code(404).send({ error: 'not found' }))
}

app.decorateRequest('claims', null)
app.register(async (scope) => routes(scope))
app.register(async (scope) => {
  scope.addHook('onRequest', async (request) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    request.claims = (await jwtVerify(token, keys, { issuer: ISSUER, audience: 'bench', algorithms: ['RS256'] })).payload
  })
  routes(scope)
}, { prefix: '/auth' })
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
