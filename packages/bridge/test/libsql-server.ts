import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, type Client, type ResultSet, type Transaction } from '@libsql/client/sqlite3'

/** A libSQL server over HTTP, on a database in memory. */
export interface LibsqlServer {
  readonly url: string
  /** While set, requests get no answer. */
  hang: boolean
  /** Requests that got no answer and wait for one still. */
  readonly hanging: number
  /** The tokens that requests brought. */
  readonly tokens: Set<string | undefined>
  /** The texts of the statements that came. */
  readonly statements: Set<string>
  stop(): Promise<void>
}

/**
 * Starts what `@libsql/client` needs of a server: version 2 of the Hrana protocol over HTTP, for one transaction at a
 * time (https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md).
 */
export async function startLibsqlServer(): Promise<LibsqlServer> {
  const client = createClient({ url: ':memory:', intMode: 'bigint' })
  const streams = new Map<string, Stream>()
  let opened = 0
  let hanging = 0
  const server = createServer(async (request, response) => {
    state.tokens.add(request.headers.authorization)
    if (state.hang) {
      hanging++
      response.on('close', () => hanging--)
      return
    }
    if (request.url !== '/v2/pipeline') return void response.writeHead(404).end()
    const { baton, requests } = await readBody(request) as { baton?: string; requests: StreamRequest[] }
    const id = baton ?? `stream-${opened++}`
    const stream = streams.get(id) ?? new Stream(client, state.statements)
    streams.set(id, stream)
    const results = []
    for (const one of requests) results.push(await stream.answer(one))
    const closed = requests.some(({ type }) => type === 'close')
    if (closed) streams.delete(id)
    const answer = JSON.stringify({ baton: closed ? null : id, base_url: null, results })
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const state: LibsqlServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hang: false,
    get hanging() {
      return hanging
    },
    tokens: new Set(),
    statements: new Set(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      client.close()
    },
  }
  return state
}

type Value =
  | { type: 'null' }
  | { type: 'integer' | 'text'; value: string }
  | { type: 'float'; value: number }
  | { type: 'blob'; base64: string }
interface Statement { sql?: string; sql_id?: number; args?: Value[] }
interface Condition { type: 'ok' | 'error' | 'not'; step: number; cond: Condition }
interface StreamRequest {
  type: string
  stmt: Statement
  batch: { steps: { condition?: Condition; stmt: Statement }[] }
  sql_id: number
  sql: string
}

/** A connection of a client, which may be in a transaction. */
class Stream {
  readonly #texts = new Map<number, string>()
  #tx: Transaction | undefined
  #switchedReferences = false

  constructor(private readonly client: Client, private readonly statements: Set<string>) {}

  async answer(request: StreamRequest): Promise<unknown> {
    const { type } = request
    try {
      if (type === 'execute') return { type: 'ok', response: { type, result: await this.#run(request.stmt) } }
      if (type === 'batch') return { type: 'ok', response: { type, result: await this.#runBatch(request.batch.steps) } }
      if (type === 'store_sql') this.#texts.set(request.sql_id, request.sql)
      if (type === 'close') await this.#close()
      return { type: 'ok', response: { type } }
    } catch (error) {
      return { type: 'error', error: toError(error) }
    }
  }

  /** A server's streams have a connection each; what one switches ends with it. */
  async #close(): Promise<void> {
    await this.#tx?.rollback()
    if (this.#switchedReferences) await this.client.execute('pragma foreign_keys = on')
  }

  async #runBatch(steps: StreamRequest['batch']['steps']): Promise<unknown> {
    const results: unknown[] = []
    const errors: unknown[] = []
    const holds = ({ type, step, cond }: Condition): boolean =>
      type === 'not' ? !holds(cond) : ((type === 'ok' ? results : errors)[step] ?? null) !== null
    for (const { condition, stmt } of steps) {
      const at = results.push(null) - 1
      errors.push(null)
      if (condition !== undefined && condition !== null && !holds(condition)) continue
      try {
        results[at] = await this.#run(stmt)
      } catch (error) {
        errors[at] = toError(error)
      }
    }
    return { step_results: results, step_errors: errors }
  }

  async #run({ sql, sql_id: id, args = [] }: Statement): Promise<unknown> {
    const text = sql ?? this.#texts.get(id as number) ?? ''
    this.statements.add(text)
    if (/^pragma foreign_keys *=/i.test(text)) this.#switchedReferences = true
    if (/^begin/i.test(text)) {
      this.#tx = await this.client.transaction(/readonly/i.test(text) ? 'read' : 'write')
      return toResult()
    }
    if (/^(commit|rollback)$/i.test(text)) {
      await (/^commit/i.test(text) ? this.#tx?.commit() : this.#tx?.rollback())
      this.#tx = undefined
      return toResult()
    }
    return toResult(await (this.#tx ?? this.client).execute({ sql: text, args: args.map(fromValue) }))
  }
}

const NO_RESULT = { columns: [], rows: [], rowsAffected: 0 }

function toResult({ columns, rows, rowsAffected }: Pick<ResultSet, 'columns' | 'rows' | 'rowsAffected'> = NO_RESULT): unknown {
  return {
    cols: columns.map((name) => ({ name })),
    rows: rows.map((row) => columns.map((_, column) => toValue(row[column]))),
    affected_row_count: rowsAffected,
    last_insert_rowid: null,
  }
}

function toValue(value: unknown): Value {
  if (value === null || value === undefined) return { type: 'null' }
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) }
  if (typeof value === 'number') return { type: 'float', value }
  if (value instanceof ArrayBuffer) return { type: 'blob', base64: Buffer.from(value).toString('base64') }
  return { type: 'text', value: String(value) }
}

function fromValue(value: Value): null | string | number | bigint | Uint8Array {
  switch (value.type) {
    case 'null': return null
    case 'integer': return BigInt(value.value)
    case 'blob': return Buffer.from(value.base64, 'base64')
    default: return value.value
  }
}

function toError(error: unknown): unknown {
  const { message, code } = error as { message: string; code?: string }
  return { message, code }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}
