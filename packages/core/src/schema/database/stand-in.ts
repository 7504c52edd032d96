import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SecretValue } from '../../secrets/secret-value.ts'
import type { SchemaDatabase } from '../contract.ts'
import { fileOf } from './libsql.ts'

/** Works with a database, or with an empty one in place of a file that is not there: to look at it must not make it. */
export async function withPresent<T>(database: SchemaDatabase, work: (present: SchemaDatabase) => Promise<T>): Promise<T> {
  const file = fileOf(database)
  if (file === undefined || await stat(file).then(() => true, () => false)) return work(database)
  const folder = await mkdtemp(join(tmpdir(), 'santokit-schema-'))
  try {
    await writeFile(join(folder, 'empty.db'), '')
    return await work({ driver: 'libsql', url: new SecretValue(pathToFileURL(join(folder, 'empty.db')).href) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
