import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { ReportEvent } from '../diagnostics/index.ts'
import { openLifecycle } from '../lifecycle/open.ts'
import { startDevServer } from './dev-server.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'santokit-dev-server-'))
  return () => rm(root, { recursive: true, force: true })
})

/** An engine whose HCL is one statement a line. */
const ENGINE = `{
  name: 'lines', supports: () => true, plan: async () => { throw new Error('asked to plan') },
  async load(database, subject) {
    const client = createClient({ url: database.url.reveal() })
    for (const line of subject.sources.flatMap(({ text }) => text.trim().split('\\n'))) await client.execute(line)
    client.close()
  },
}`

async function serve(plugins: string): Promise<{ readonly url: string; readonly events: readonly ReportEvent[] }> {
  const files = {
    'santokit.config.mjs': `
      import { createClient } from ${JSON.stringify(import.meta.resolve('@libsql/client'))}
      export default {
        plugins: ${plugins},
        projects: { notes: { root: 'notes', databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } } } },
      }
    `,
    'notes/logic/notes/list.sql': '---\naccess: public\n---\nselect text from notes',
    'notes/schema/main.hcl': 'create table notes (text text)\n',
    'notes/seed/main.sql': `insert into notes values ('from HCL');`,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const events: ReportEvent[] = []
  const { signal } = new AbortController()
  const env = {}
  const server = await startDevServer({
    open: (report) => openLifecycle({ cwd: root, command: 'dev', env, report, signal, interactive: false, environment: 'development' }),
    projects: [], port: 0, env, report: (event) => { events.push(event) }, fresh: false, redact: (text) => text,
  })
  onTestFinished(() => server.close())
  return { url: (await server.projects())[0]?.url ?? '', events }
}

test('HCL is loaded through the engine of a plugin, and what it made is served', async () => {
  const { url, events } = await serve(`[{ name: 'lines', schemaEngines: [${ENGINE}] }]`)
  expect(events.filter(({ type }) => type === 'phase:failed')).toEqual([])
  expect(events).toContainEqual(expect.objectContaining({ type: 'note', message: 'loaded schema and seed of main' }))
  const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "path": "notes/list" }' })
  expect(await answer.json()).toMatchObject({ data: [{ text: 'from HCL' }] })
})

test('without an engine it is an error that says how to get one', async () => {
  const { events } = await serve('[]')
  const failed = events.find((event) => event.type === 'phase:failed')
  expect(failed?.error).toMatchObject({ code: 'STK6001', details: { project: 'notes', fix: expect.arrayContaining(['npm install --save-dev @santokit/plugin-schema-atlas']) } })
  expect(failed?.error.message).toContain('notes/schema/main.hcl')
})
