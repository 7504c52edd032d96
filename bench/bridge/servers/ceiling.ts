// The ceiling: what node:http and the Bridge's own database driver do when nothing is checked, limited, logged or counted.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { type CallScope, openDatabase } from '../../../packages/bridge/src/database/index.ts'
import type { Caller } from '../../../packages/bridge/src/logic.ts'
import type { Manifest, PostgresEntry, SqlLogicEntry } from '../../../packages/bridge/src/manifest/format.ts'

const { DATABASE_URL = '', MANIFEST_PATH = '' } = process.env
const manifest = JSON.parse(readFileSync(MANIFEST_PATH, 'utf8')) as Manifest
const databases = new Map(await Promise.all(Object.entries(manifest.databases).map(async ([alias, entry]) =>
  [alias, await openDatabase(alias, entry as PostgresEntry, { url: DATABASE_URL })] as const)))

const neverEnds = { ended: undefined, onEnd() {}, offEnd() {} }
const { signal } = new AbortController()
const nobody = { sub: null, roles: [], claims: {} }
/** Row level security needs somebody; note `n` is of user `n`. */
const owner = (id: unknown): Caller => ({ sub: `user-${String(id)}`, roles: [], claims: { sub: `user-${String(id)}`, role: 'bench_member' } })

const server = createServer((request, response) => {
  let text: Buffer
  request.on('data', (chunk: Buffer) => { text = chunk })
  request.on('end', async () => {
    const { path, params } = JSON.parse(text.toString()) as { path: string; params: Record<string, string> }
    const entry = manifest.logic[path] as SqlLogicEntry
    const values = entry.bindings.map((binding) => params[(binding as { name: string }).name] ?? null)
    const scope: CallScope = { signal, end: neverEnds, caller: path === 'mine/note' ? owner(params.id) : nobody }
    const data = await (databases.get(entry.database) as Driver).runToJson(entry, values, scope)
    const body = `{"data":${data}}`
    response.writeHead(200, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))])
    response.end(body)
  })
})
type Driver = Awaited<ReturnType<typeof openDatabase>>
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as { port: number }).port}\n`))
