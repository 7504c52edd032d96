import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reference } from '../reference.ts'
import type { OpRun, RunOp } from './process.ts'

/**
 * Reads all references with one `op inject`: one process, one sign-in, one prompt.
 *
 * The template is a file, since `op` reads its standard input from a FIFO only. It holds references, never a value, is
 * readable by its owner alone and is removed at once. Between the values stands a line that no value can hold, because it is
 * drawn at random for this run.
 *
 * @returns the values in the order of the references, or `op`'s failure: its first bad reference fails everything.
 */
export async function inject(references: readonly Reference[], run: RunOp): Promise<{ readonly values: readonly string[] } | { readonly failed: OpRun }> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-op-'))
  try {
    const mark = randomBytes(16).toString('hex')
    const file = join(folder, 'references')
    await writeFile(file, template(references, mark), { mode: 0o600 })
    const done = await run(['inject', '--in-file', file])
    if (!done.ok) return { failed: done }
    const values = untangle(done.stdout, mark)
    // An answer that is not as long as the question was cut short.
    return values.length === references.length ? { values } : { failed: { ...done, ok: false } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `mark:{{ op://… }}:mark` for each: a value keeps its own line breaks, at either end, too. */
export function template(references: readonly Reference[], mark: string): string {
  return references.map(({ text }) => `${mark}:{{ ${text} }}:${mark}\n`).join('')
}

/** The values between the marks. What `op` adds at the very end is outside of them. */
export function untangle(text: string, mark: string): readonly string[] {
  const parts = text.split(`${mark}:`)
  return parts.slice(1).flatMap((part) => {
    const end = part.indexOf(`:${mark}`)
    return end === -1 ? [] : [part.slice(0, end)]
  })
}
