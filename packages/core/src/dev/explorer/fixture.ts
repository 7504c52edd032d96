import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ReportEvent } from '../../diagnostics/index.ts'
import { openLifecycle } from '../../lifecycle/open.ts'
import { startDevServer, type DevServer } from '../dev-server.ts'

/** A repository that is being developed. */
export interface Developed {
  readonly root: string
  readonly url: string
  readonly server: DevServer
  readonly events: readonly ReportEvent[]
  write(path: string, text: string): Promise<void>
  /** Waits for the next event that is like this; what was reported before counts from the last call. */
  next(type: ReportEvent['type'], like?: (event: ReportEvent) => boolean): Promise<ReportEvent>
  call(path: string, params?: unknown, token?: string): Promise<Response>
}

export const CONFIG = `
  const listener = (name, enforce, hooks) => ({ name, enforce, hooks })
  export default {
    plugins: [
      listener('metrics', 'post', { 'bundle:done': () => {} }),
      listener('licences', undefined, { 'bundle:before': () => {}, 'bundle:done': { before: 'metrics', handler: () => {} } }),
      listener('naming', 'pre', { 'bundle:logic': () => {}, 'bundle:done': { order: 'post', after: 'licences', handler: () => {} } }),
    ],
    projects: {
      notes: {
        root: 'notes',
        databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } },
        auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'notes', claims: { roles: 'roles' } }] },
      },
    },
  }
`

export const FILES: Readonly<Record<string, string>> = {
  'santokit.config.mjs': CONFIG,
  'notes/schema/main.sql': 'create table notes (id integer primary key, author text not null, text text not null, created text not null default current_timestamp);',
  'notes/seed/main.sql': `insert into notes (author, text, created) values ('alice', 'Water the plants', '2026-01-02 08:00:00'), ('bob', 'Call the bank', '2026-01-03 09:30:00'), ('alice', '<b>not bold</b>', '2026-01-04 10:45:00');`,
  'notes/logic/notes/list.sql': `---
description: Everybody's notes, the latest first. Give \`author\` for one person's.
access: public
params:
  author: { type: string, optional: true, max: 40, description: "As it stands in the token." }
  order:  { type: string, enum: [latest, oldest], default: latest }
  limit:  { type: int, default: 20, min: 1, max: 100 }
---
select id, author, text, created
from notes -- all of them
where (:author is null or author = :author)
order by case when :order = 'latest' then -id else id end
limit :limit
`,
  'notes/logic/notes/add.sql': `---
description: Keeps a note of the caller's.
returns: row
params:
  text: { type: string, min: 1, max: 200 }
  tags: { type: "string[]", optional: true }
---
insert into notes (author, text) values (:auth.sub, :text || coalesce(' ' || :tags, '')) returning id, author, text
`,
  'notes/logic/notes/purge.sql': `---
description: Throws away everybody's notes.
access: [admin]
returns: affected
---
delete from notes
`,
  'notes/logic/stats/slow.ts': `export default {
  description: 'Fails, and says why only to its author.', access: 'public',
  handler() { throw new Error('the figures of March are missing') },
}
`,
  'notes/logic/_internal/count.sql': '---\nreturns: value\n---\nselect count(*) from notes\n',
}

/** Milliseconds after which what does not come is not coming, on a machine that is busy. */
const LONGEST = 20_000

/** Serves a repository until the test ends. */
export async function develop(files: Readonly<Record<string, string>> = FILES, env: Readonly<Record<string, string>> = {}, { prepare }: { readonly prepare?: (root: string) => Promise<void> } = {}): Promise<Developed> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-dev-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) await write(path, text)
  await prepare?.(root)
  const events: ReportEvent[] = []
  const waiting = new Set<() => void>()
  let seen = 0
  const server = await startDevServer({
    open: (report) => openLifecycle({ cwd: root, command: 'dev', env, report, signal: new AbortController().signal, interactive: false, environment: 'development' }),
    projects: [], port: 0, env, fresh: false, redact: (text) => text,
    report(event) {
      events.push(event)
      for (const look of waiting) look()
    },
  })
  onTestFinished(() => server.close())
  const url = (await server.projects())[0]?.url ?? ''
  seen = events.length
  return {
    root, url, server, events, write,
    next: (type, like = () => true) => new Promise((resolve, reject) => {
      // Made here, so that it tells who waits.
      const error = new Error()
      const late = setTimeout(() => {
        waiting.delete(look)
        reject(Object.assign(error, { message: `no such ${type} came:\n${events.slice(seen).map((event) => JSON.stringify(event)).join('\n')}` }))
      }, LONGEST)
      const look = (): void => {
        const at = events.findIndex((event, index) => index >= seen && event.type === type && like(event))
        if (at === -1) return
        clearTimeout(late)
        waiting.delete(look)
        seen = at + 1
        resolve(events[at] as ReportEvent)
      }
      waiting.add(look)
      look()
    }),
    call: (path, params = {}, token) => fetch(`${url}/call`, {
      method: 'POST', headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }, body: JSON.stringify({ path, params }),
    }),
  }
}
