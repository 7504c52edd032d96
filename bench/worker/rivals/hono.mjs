import { Hono } from 'hono'
import { answer } from './calls.mjs'

const app = new Hono()
app.post('/call', (c) => answer(c.req.raw, c.env, c.executionCtx))
app.get('/health', (c) => c.json({ status: 'ok' }))

export default app
