import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { BootError } from '../boot-error.ts'

/**
 * Writes bundle files to a private folder of their own, because Node imports modules from files only.
 *
 * @throws BootError if the temporary folder is not writable.
 */
export async function placeFiles(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  try {
    // mkdtemp makes the folder 0700.
    const folder = await mkdtemp(join(tmpdir(), 'santokit-bridge-'))
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content, { mode: 0o600 })
    }
    return folder
  } catch (error) {
    throw new BootError(
      'bad_setting', `The bundle cannot be unpacked to ${tmpdir()} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`,
      'Mount a writable folder and name it in TMPDIR, or bake the unpacked bundle into the image and set MANIFEST_PATH.',
      { cause: error },
    )
  }
}

/**
 * Reads every file below `folder`, by its path with `/`.
 *
 * @throws BootError if something there is neither a file nor a folder.
 */
export async function readFolder(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const entry of await listFolder(folder)) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) continue
    if (!entry.isFile()) {
      throw new BootError(
        'bundle_tampered', `${file} is neither a regular file nor a folder.`, 'Copy the bundle as it was built, without links.',
      )
    }
    files.set(relative(folder, file).split(sep).join('/'), await readFile(file))
  }
  return files
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/** A bundle of SQL logic only has no folder. */
async function listFolder(folder: string) {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
