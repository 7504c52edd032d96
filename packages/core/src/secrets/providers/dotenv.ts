import { resolve } from 'pathe'
import type { SecretProvider, SecretRefusal, SecretResult } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { parseDotenv } from '../dotenv.ts'
import { readText } from './read-text.ts'
import { readVariable } from './variable.ts'

// The name is behind the last `#`: a path may hold one, a name may not.
const REFERENCE = /^dotenv:([^\0]+)#([A-Za-z_][A-Za-z0-9_]*)$/

/** `dotenv:path#NAME`: a variable of a `.env` file, by its path from the repository root, or the file that `NAME_FILE` names in it. */
export const dotenvProvider: SecretProvider = {
  scheme: 'dotenv',
  parseRef(ref) {
    parse(ref)
  },
  async resolveMany(refs, ctx) {
    ctx.signal.throwIfAborted()
    const wanted = refs.map((ref) => ({ ref, ...parse(ref) }))
    const paths = [...new Set(wanted.map(({ path }) => path))]
    const files = new Map(await Promise.all(paths.map(async (path) => [path, await readVariables(resolve(ctx.root, path), path)] as const)))
    ctx.signal.throwIfAborted()
    return new Map(await Promise.all(wanted.map(async ({ ref, ...parsed }) => [ref, await pick(files.get(parsed.path), parsed, ctx.root)] as const)))
  },
}

interface Parsed {
  readonly path: string
  readonly name: string
}

/** What a `dotenv:` reference names. @throws StkError STK3002 */
export function parse(ref: string): Parsed {
  const [, path, name] = REFERENCE.exec(ref) ?? []
  if (path === undefined || name === undefined) {
    throw new StkError('STK3002', { why: 'It does not name a file and a variable in it.', fix: 'Write dotenv:path#NAME, such as dotenv:.env.shared#DATABASE_URL.' })
  }
  return { path, name }
}

type Opened = ReadonlyMap<string, string> | SecretRefusal

async function readVariables(file: string, shown: string): Promise<Opened> {
  const read = await readText(file, shown)
  return 'text' in read ? parseDotenv(read.text) : read
}

async function pick(file: Opened | undefined, { path, name }: Parsed, root: string): Promise<SecretResult> {
  if (file === undefined) return { failure: 'unknown', why: `${path} was not read.` }
  if ('failure' in file) return file
  return readVariable(name, {
    get: (variable) => file.get(variable),
    place: `in ${path}`,
    absent: () => ({ failure: 'field-not-found', why: `${path} has no ${name}.`, fix: `Add a line ${name}=… to ${path}` }),
    fix: () => `Give it a value in ${path}`,
  }, root)
}
