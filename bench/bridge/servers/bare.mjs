// The least a server can be that answers from Postgres: for how long it takes to start.
import { createServer } from 'node:http'
import pg from 'pg'
import { SQL } from '../scenarios.mjs'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const server = createServer(async (request, response) => {
  const { rows } = await pool.query(SQL.item, [Number(request.url.split('/')[2])])
  response.setHeader('content-type', 'application/json').end(JSON.stringify(rows[0]))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
