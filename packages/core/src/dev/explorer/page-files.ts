import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

/** A file of the explorer's page. */
export interface PageFile {
  readonly type: string
  readonly bytes: Uint8Array
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' }

/** The page lies in the package as it is served: nothing builds it, and it asks for nothing from elsewhere. */
const FOLDER = join(dirname(createRequire(import.meta.url).resolve('@santokit/core/package.json')), 'explorer')

/** The file of this name, or `undefined`. A name is a plain one, such as `app.js`. */
export async function readPageFile(name: string): Promise<PageFile | undefined> {
  const type = TYPES[extname(name)]
  if (type === undefined || !/^[a-z][a-z0-9-]*\.[a-z]+$/.test(name)) return undefined
  const bytes = await readFile(join(FOLDER, name)).catch(() => undefined)
  return bytes && { type, bytes }
}
