import { resolve } from 'pathe'
import type { SecretProvider, SecretResult } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { parseDotenv } from '../dotenv.ts'
import { SecretValue } from '../secret-value.ts'
import { readText } from './read-text.ts'

// The name is behind the last `#`: a path may hold one, a name may not.
const REFERENCE = /^dotenv:([^\0]+)#([A-Za-z_][A-Za-z0-9_]*)$/

/** `dotenv:path#NAME`: a variable of a `.env` file, by its path from the repository root. */
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
    return new Map(wanted.map(({ ref, path, name }) => [ref, pick(files.get(path), path, name)]))
  },
}

/** What a `dotenv:` reference names. @throws StkError STK3002 */
export function parse(ref: string): { readonly path: string; readonly name: string } {
  const [, path, name] = REFERENCE.exec(ref) ?? []
  if (path === undefined || name === undefined) {
    throw new StkError('STK3002', { why: 'It does not name a file and a variable in it.', fix: 'Write dotenv:path#NAME, such as dotenv:.env.shared#DATABASE_URL.' })
  }
  return { path, name }
}

type Variables = ReadonlyMap<string, string> | Exclude<Awaited<ReturnType<typeof readText>>, { readonly text: string }>

async function readVariables(file: string, shown: string): Promise<Variables> {
  const read = await readText(file, shown)
  return 'text' in read ? parseDotenv(read.text) : read
}

function pick(file: Variables | undefined, path: string, name: string): SecretResult {
  if (file === undefined) return { failure: 'unknown', why: `${path} was not read.` }
  if ('failure' in file) return file
  const value = file.get(name)
  if (value === undefined) return { failure: 'field-not-found', why: `${path} has no ${name}.`, fix: `Add a line ${name}=… to ${path}` }
  if (value === '') return { failure: 'empty', why: `${name} stands in ${path}, but is empty.`, fix: `Give it a value in ${path}` }
  return { value: new SecretValue(value) }
}
