import { resolve } from 'pathe'
import type { SecretContext, SecretProvider, SecretResult } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { readSecretFile } from './variable.ts'

const REFERENCE = /^file:(?!\/\/[^/])([^\0]+)$/

/** `file:path`: a whole file, by its path from the repository root, without one newline at its end. */
export const fileProvider: SecretProvider = {
  scheme: 'file',
  parseRef(ref) {
    pathOf(ref)
  },
  async resolveMany(refs, ctx) {
    ctx.signal.throwIfAborted()
    const results = new Map(await Promise.all(refs.map(async (ref) => [ref, await read(pathOf(ref), ctx)] as const)))
    ctx.signal.throwIfAborted()
    return results
  },
}

function pathOf(ref: string): string {
  const path = REFERENCE.exec(ref)?.[1]
  if (path === undefined) {
    throw new StkError('STK3002', { why: 'It does not name a file.', fix: 'Write file:path, such as file:secrets/token or file:/run/secrets/token.' })
  }
  return path
}

function read(path: string, ctx: SecretContext): Promise<SecretResult> {
  return readSecretFile(resolve(ctx.root, path), path)
}
