import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StkError } from '@santokit/core'
import * as z from 'zod/mini'
import { sorted } from '../oci/content.ts'

/** Pins base images by digest. Stands at the repository root and is meant to be committed. */
export const LOCK_FILE = 'santokit.lock'

const lockFile = z.object({
  lockVersion: z.literal(1),
  /** Digests by the reference as it is written in the config. */
  bases: z.record(z.string(), z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest'))),
})

/** The digest that `reference` is pinned to, if it is. @throws StkError STK4124 */
export async function readPin(root: string, reference: string): Promise<string | undefined> {
  return (await readPins(root))[reference]
}

/** Pins a reference. Lines are sorted, so that two branches that pin two bases merge. @throws StkError STK4124 */
export async function writePin(root: string, reference: string, digest: string): Promise<void> {
  const pins = await readPins(root)
  if (pins[reference] === digest) return
  const file = join(root, LOCK_FILE)
  const bases = sorted({ ...pins, [reference]: digest })
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify({ lockVersion: 1, bases }, null, 2)}\n`)
  await rename(`${file}.${process.pid}`, file)
}

async function readPins(root: string): Promise<{ readonly [reference: string]: string }> {
  const text = await readFile(join(root, LOCK_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return {}
  const parsed = lockFile.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data.bases
  throw new StkError('STK4124', {
    why: `${LOCK_FILE} cannot be read: ${parsed.error.issues[0]?.path.join('.') || 'it'} ${parsed.error.issues[0]?.message ?? 'is invalid'}.`,
    fix: ['Take one side of a merge conflict, whole.', 'Or delete it and run stk build --update-base'],
    where: { file: LOCK_FILE },
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
