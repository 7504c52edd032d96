import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaSource } from '../contract.ts'

/**
 * The files that say what an alias's schema is to be: `schema/<alias>.sql` or `.hcl`, and everything in `schema/<alias>/`, in the order of
 * their paths.
 *
 * @param root the repository root, for paths.
 * @returns nothing where there is none.
 * @throws StkError STK6003 when SQL and HCL are mixed.
 */
export async function findSchemaSources(projectRoot: string, alias: string, root: string): Promise<readonly SchemaSource[]> {
  const folder = join(projectRoot, 'schema')
  const names = [`${alias}.sql`, `${alias}.hcl`, ...(await list(join(folder, alias))).map((name) => `${alias}/${name}`)]
  const sources: SchemaSource[] = []
  for (const name of names.filter((each) => /\.(sql|hcl)$/.test(each))) {
    const absolute = join(folder, name)
    const text = await readFile(absolute, 'utf8').catch(absent)
    if (text === undefined) continue
    // Line ends are the checkout's business, not the schema's.
    sources.push({ path: relative(root, absolute).split(sep).join('/'), absolute, kind: name.endsWith('.sql') ? 'sql' : 'hcl', text: text.replaceAll('\r\n', '\n') })
  }
  const other = sources.find(({ kind }) => kind !== sources[0]?.kind)
  if (other !== undefined) {
    throw new StkError('STK6003', {
      why: `${sources[0]?.path ?? ''} and ${other.path} are two languages for one schema.`,
      fix: 'Keep one of .sql and .hcl for an alias.',
      where: { file: other.path },
    })
  }
  return sources
}

async function list(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true }).catch(absent)) ?? []
  return names.map((name) => name.split(sep).join('/')).sort()
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
  throw error
}
