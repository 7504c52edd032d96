// What is asked of every server: the same rows, by the same SQL, over the same tables.

export const ITEMS = 10_000
export const USERS = 1_000

const COLUMNS = 'id, name, price, active, created_at'

export const SQL = {
  item: `select ${COLUMNS} from items where id = $1`,
  items: `select ${COLUMNS} from items where id > $1 order by id limit 100`,
  event: 'insert into events (item_id, note) values ($1, $2) returning id',
  note: 'select id, body from notes where id = $1',
  sleep: 'select 1 as ok from pg_sleep(1)',
}

/** Row level security without a middle layer: what each connection must be told before the query, and undone after it. */
export const CLAIMS_SQL = `select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`

/**
 * A scenario: a query, asked for with or without a token.
 *
 * `route` and `fields` say it to servers with routes of their own, `path` and `fields` to the Bridge and the ceiling.
 */
const scenario = (name, { query, token, fields, route, sql }) => ({ name, query, token, fields, route, sql })

/** Deterministic, and spread over all rows. */
const itemOf = (index) => ((index * 7919) % ITEMS) + 1

const READ = { query: 'item', fields: (index) => ({ id: itemOf(index) }), route: ({ id }) => ['GET', `/items/${id}`], sql: SQL.item }
const LIST = { query: 'items', fields: (index) => ({ after: itemOf(index) % (ITEMS - 100) }), route: ({ after }) => ['GET', `/items?after=${after}`], sql: SQL.items }
const INSERT = { query: 'event', fields: (index) => ({ itemId: itemOf(index), note: `note ${index}` }), route: (fields) => ['POST', '/events', fields], sql: SQL.event }
// A user's own note with a token; without one, a note of nobody.
const OWN_NOTE = { query: 'note', fields: (index) => ({ id: (index % USERS) + 1 }), route: ({ id }) => ['GET', `/notes/${id}`], sql: SQL.note }
const OPEN_NOTE = { ...OWN_NOTE, fields: (index) => ({ id: USERS + (index % USERS) + 1 }) }

export const SCENARIOS = [
  scenario('read', { ...READ, token: false }),
  scenario('read + token', { ...READ, token: true }),
  scenario('list', { ...LIST, token: false }),
  scenario('list + token', { ...LIST, token: true }),
  scenario('insert', { ...INSERT, token: false }),
  scenario('insert + token', { ...INSERT, token: true }),
  scenario('RLS read', { ...OPEN_NOTE, token: false }),
  scenario('RLS read + token', { ...OWN_NOTE, token: true }),
]

/** The requests of a scenario, one after the other by different users, as a server's dialect writes them. */
export function requestsOf(scenario, dialect, tokens, count = USERS) {
  return Array.from({ length: count }, (_, index) => {
    const { method, path, body } = dialect(scenario, scenario.fields(index))
    const headers = [`host: bench`, ...(scenario.token ? [`authorization: Bearer ${tokens[index % tokens.length]}`] : [])]
    const text = body === undefined ? '' : JSON.stringify(body)
    if (body !== undefined) headers.push('content-type: application/json', `content-length: ${Buffer.byteLength(text)}`)
    return `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${text}`
  })
}

/** How a server is spoken to. */
export const DIALECTS = {
  /** `POST /call`, as the Bridge's clients do. */
  call: ({ query, token }, fields) => ({ method: 'POST', path: '/call', body: { path: `${token ? 'mine' : 'open'}/${query}`, params: fields } }),
  /** Routes, as people write them by hand; those below `/auth` want a token. */
  routes({ route, token }, fields) {
    const [method, path, body] = route(fields)
    return { method, path: `${token ? '/auth' : ''}${path}`, body }
  },
  /** What a GraphQL client sends. */
  graphql({ query }, fields) {
    const item = 'id name price active createdAt'
    const [text, variables] = {
      item: [`query($id: Int!) { itemById(id: $id) { ${item} } }`, fields],
      items: [`query($after: Int!) { allItemsList(first: 100, orderBy: [ID_ASC], offset: $after) { ${item} } }`, fields],
      event: ['mutation($itemId: Int!, $note: String!) { createEvent(input: { event: { itemId: $itemId, note: $note } }) { event { id } } }', fields],
      note: ['query($id: Int!) { noteById(id: $id) { id body } }', fields],
    }[query]
    return { method: 'POST', path: '/graphql', body: { query: text, variables } }
  },
}

/** What GraphQL answers are named after. */
const FIELDS = ['itemById', 'noteById', 'allItemsList', 'createEvent']

/** What an answer says, whatever shape it came in; `undefined` where there is no such row, or an error. */
export function rowsOf({ status, body }) {
  if (status >= 400) return undefined
  const data = body.data ?? body
  const field = FIELDS.find((name) => name in data)
  const found = field === undefined ? data : data[field]?.event ?? data[field]
  if (found === null) return undefined
  return [found].flat().map(({ id, name, price, active, created_at, createdAt, body: text }) => ({
    id: Number(id), ...(text === undefined ? {} : { body: text }),
    ...(name === undefined ? {} : { name, price: Number(price), active, created: Date.parse(created_at ?? createdAt) }),
  }))
}
