// A server that answers wrongly is not fast: before anything is timed, its answers are held against the database's.
import { deepStrictEqual } from 'node:assert'
import { request } from 'node:http'
import { DIALECTS, ITEMS, rowsOf, USERS } from './scenarios.mjs'

const item = (id) => ({ id, name: `item ${id}`, price: id * 1.25, active: id % 2 === 0, created: Date.parse('2026-01-01T00:00:00Z') + id * 60_000 })

const EXPECTED = {
  item: ({ id }) => [item(id)],
  items: ({ after }) => Array.from({ length: 100 }, (_, index) => item(after + index + 1)),
  note: ({ id }) => [{ id, body: `note ${id}` }],
}

/** @returns what is wrong, if anything is. */
export async function checkAnswers({ port }, { dialect, unchecked }, scenario, { tokens }) {
  const ask = async (fields, token) => {
    const { method, path, body } = dialect(scenario, fields)
    return send(port, method, path, body, scenario.token && token !== undefined ? { authorization: `Bearer ${token}` } : {})
  }
  try {
    for (const index of [0, 1, 2, 77]) {
      const fields = scenario.fields(index)
      const answer = await ask(fields, tokens[index])
      if (answer.status !== 200) return `it answers ${answer.status}: ${JSON.stringify(answer.body).slice(0, 200)}`
      const rows = rowsOf(answer)
      if (scenario.query === 'event') deepStrictEqual([rows?.length, Number.isInteger(rows?.[0]?.id)], [1, true])
      else deepStrictEqual(rows, EXPECTED[scenario.query](fields))
    }
    if (!unchecked && scenario.query === 'item') deepStrictEqual(rowsOf(await ask({ id: ITEMS + 1 }, tokens[0])), undefined)
    if (!scenario.token || unchecked) return undefined
    if (scenario.query === 'note') deepStrictEqual(rowsOf(await ask({ id: USERS }, tokens[0])), undefined, "it shows one user another's note")
    const [head, payload, signature] = tokens[0].split('.')
    // GraphQL leaves it to row level security what somebody without a token may see.
    for (const token of [...(dialect === DIALECTS.graphql ? [] : [undefined]), `${head}.${payload}.${signature.slice(0, -8)}AAAAAAAA`]) {
      if (rowsOf(await ask(scenario.fields(0), token)) !== undefined) return `it answers without a token that is good`
    }
  } catch (error) {
    return String(error.message).slice(0, 600)
  }
  return undefined
}

export function send(port, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const outgoing = request({ port, host: '127.0.0.1', method, path, agent: false, headers: {
      ...headers, ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    } }, async (response) => {
      let received = ''
      for await (const chunk of response) received += chunk
      try {
        resolve({ status: response.statusCode, body: JSON.parse(received) })
      } catch {
        resolve({ status: response.statusCode, body: { error: received } })
      }
    })
    outgoing.once('error', reject).end(text)
  })
}
