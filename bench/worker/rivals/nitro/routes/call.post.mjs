import { defineHandler } from 'h3'
import { answer } from '../../calls.mjs'

export default defineHandler((event) => {
  const { env, context } = event.req.runtime.cloudflare
  return answer(event.req, env, context)
})
