import { readFile } from 'node:fs/promises'
import { StkError } from '../diagnostics/index.ts'
import type { SqlSource } from './compile.ts'
import type { LogicFile } from './scan.ts'
import { displayPath } from './walk.ts'

/**
 * Reads a SQL logic and its twin, ready to be compiled.
 *
 * @throws StkError STK2010 if a file is not UTF-8.
 */
export async function readSqlSource(logic: LogicFile, repositoryRoot: string): Promise<SqlSource> {
  const [sql, twin] = await Promise.all([
    readText(logic.file, repositoryRoot),
    logic.twin === undefined ? undefined : readText(logic.twin, repositoryRoot),
  ])
  return { path: logic.path, source: logic.source, private: logic.private, ...sql, ...(twin === undefined ? {} : { twin }) }
}

async function readText(file: string, repositoryRoot: string): Promise<{ readonly displayFile: string; readonly text: string }> {
  const bytes = await readFile(file)
  const displayFile = displayPath(repositoryRoot, file)
  try {
    return { displayFile, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (cause) {
    const why = `${displayFile} is not UTF-8.`
    throw new StkError('STK2010', { why, fix: 'Save it as UTF-8.', where: { file: displayFile }, cause })
  }
}
