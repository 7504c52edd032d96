// What both rivals do with a call, written by hand: the features that the Worker has, in the libraries that people use for them.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import pg from 'pg'
import * as z from 'zod'

const COLUMNS = 'id, name, price, active, created_at'
const LOGIC = {
  'open/item': { params: z.strictObject({ id: z.int().min(1) }), values: ({ id }) => [id], text: `select ${COLUMNS} from items where id = $1` },
  'mine/item': { token: true, params: z.strictObject({ id: z.int().min(1) }), values: ({ id }) => [id], text: `select ${COLUMNS} from items where id = $1` },
  'open/hello': { params: z.strictObject({ name: z.string().max(100) }), run: ({ name }) => ({ hello: name }) },
}

const Body = z.strictObject({ path: z.string(), params: z.record(z.string(), z.unknown()).default({}) })

let keys

class Refusal extends Error {
  constructor(status, code, extra = {}) {
    super(code)
    Object.assign(this, { status, code, extra })
  }
}

/** Answers one call with a status, a body and its headers, and writes a line about it. */
export async function answer(request, env, ctx) {
  const began = Date.now()
  const requestId = request.headers.get('x-request-id') ?? crypto.randomUUID()
  let path
  let status = 200
  try {
    const text = await request.text()
    if (text.length > 1_000_000) throw new Refusal(413, 'payload_too_large')
    const body = Body.safeParse(parse(text))
    if (!body.success) throw new Refusal(400, 'invalid_request')
    path = body.data.path
    const logic = Object.hasOwn(LOGIC, path) ? LOGIC[path] : undefined
    if (logic === undefined) throw new Refusal(404, 'logic_not_found')
    if (logic.token) await verify(request, env)
    const params = logic.params.safeParse(body.data.params)
    if (!params.success) {
      throw new Refusal(422, 'invalid_params', { errors: params.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })) })
    }
    const data = logic.run === undefined ? await query(logic, params.data, env, ctx) : logic.run(params.data)
    return Response.json({ data }, { headers: { 'x-request-id': requestId, 'cache-control': 'no-store' } })
  } catch (error) {
    status = error instanceof Refusal ? error.status : 500
    const code = error instanceof Refusal ? error.code : 'internal'
    return Response.json({ type: 'about:blank', status, code, requestId, ...error.extra }, {
      status, headers: { 'content-type': 'application/problem+json', 'x-request-id': requestId },
    })
  } finally {
    console.log(JSON.stringify({ time: new Date().toISOString(), level: 'info', message: 'call', requestId, logic: path, status, ms: Date.now() - began }))
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(400, 'invalid_request')
  }
}

async function verify(request, env) {
  const [, token] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
  if (token === undefined) throw new Refusal(401, 'unauthenticated')
  keys ??= createRemoteJWKSet(new URL(env.JWKS))
  try {
    await jwtVerify(token, keys, { issuer: env.ISSUER, audience: 'bench', algorithms: ['RS256'] })
  } catch {
    throw new Refusal(401, 'unauthenticated')
  }
}

/** A client for each request, as Cloudflare says: sockets do not outlive theirs. */
async function query({ text, values }, params, env, ctx) {
  const client = new pg.Client({ connectionString: env.DATABASE_URL })
  await client.connect()
  try {
    const { rows: [row] } = await client.query({ text, values: values(params) })
    if (row === undefined) throw new Refusal(404, 'not_found')
    return row
  } finally {
    ctx.waitUntil(client.end())
  }
}
