import { StkError } from '../diagnostics/index.ts'

/**
 * Writes what a verb was asked to put into a file, by `--out`.
 *
 * @param out as it was typed, from `root` on.
 * @throws StkError STK2020 if it cannot be written.
 */
export async function writeOutFile(root: string, out: string, text: string): Promise<void> {
  const [{ writeFile }, { resolve }] = await Promise.all([import('node:fs/promises'), import('pathe')])
  const file = resolve(root, out)
  try {
    await writeFile(file, text)
  } catch (error) {
    throw unwritable(out, (error as NodeJS.ErrnoException).code, error)
  }
}

/**
 * Refuses a file in a folder that is not there, before long work that would end in it.
 *
 * @throws StkError STK2020
 */
export async function checkOutFile(root: string, out: string | undefined): Promise<void> {
  if (out === undefined) return
  const [{ stat }, { dirname, resolve }] = await Promise.all([import('node:fs/promises'), import('pathe')])
  const folder = await stat(dirname(resolve(root, out))).catch((error: NodeJS.ErrnoException) => error)
  if (folder instanceof Error) throw unwritable(out, folder.code, folder)
  if (!folder.isDirectory()) throw unwritable(out, 'ENOTDIR', undefined)
}

function unwritable(out: string, code: string | undefined, cause: unknown): StkError {
  return new StkError('STK2020', { why: `${out}: ${WORDS[code ?? ''] ?? code ?? 'it failed'}.`, fix: 'Make the folder, or choose another file with --out.', cause })
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist', ENOTDIR: 'what should be its folder is a file', EISDIR: 'it is a folder', EACCES: 'it belongs to somebody else',
  EROFS: 'the disk is read-only', ENOSPC: 'the disk is full',
}
