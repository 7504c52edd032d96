import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StkError, type SchemaDatabase, type SchemaSubject } from '@santokit/core'
import { loadSqlSources } from '@santokit/core/schema'
import type { Atlas } from './atlas/atlas.ts'
import { whileSettingsShow } from './postgres/settings.ts'

/**
 * Makes an empty database what the sources say: SQL by running it, HCL through Atlas.
 *
 * @param address the database's URL for Atlas.
 * @throws StkError STK6003 at a source that cannot be used.
 */
export async function loadSources(atlas: Atlas, database: SchemaDatabase, address: string, subject: SchemaSubject, signal: AbortSignal): Promise<void> {
  const [first, other] = ['sql', 'hcl'].map((kind) => subject.sources.find((source) => source.kind === kind))
  if (first !== undefined && other !== undefined) {
    throw new StkError('STK6003', {
      why: `The sources of "${subject.alias}" are a mixture: ${first.path} is SQL and ${other.path} is HCL.`,
      fix: 'Keep to one language for one database.', where: { file: other.path }, project: subject.project,
    })
  }
  if (other === undefined) await loadSqlSources(database, subject, signal)
  else if (subject.driver === 'pg') await whileSettingsShow(database, () => loadHcl(atlas, address, subject))
  else await loadHcl(atlas, address, subject)
}

/** What is loaded is what was read when the plan began, whatever has become of the files since. */
async function loadHcl(atlas: Atlas, address: string, { sources, schemas }: SchemaSubject): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stk-hcl-'))
  try {
    const urls: string[] = []
    for (const [index, { path, text }] of sources.entries()) {
      const file = join(folder, `${String(index).padStart(4, '0')}-${basename(path)}`)
      await writeFile(file, text, { mode: 0o600 })
      urls.push(pathToFileURL(file).href)
    }
    await atlas.applyHcl(address, urls, { schemas, exclude: [] })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
