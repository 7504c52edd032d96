import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { layout } from '../layout/oci-layout.ts'
import type { Image } from '../oci/types.ts'
import { digestOf } from '../registry/digest.ts'

/**
 * Writes an image as an OCI layout, whole, with the base's layers. What is there already is kept; `index.json` comes last.
 *
 * @returns bytes written.
 */
export async function writeLayout(image: Image, name: string, folder: string): Promise<number> {
  let written = 0
  const files = layout(image, name)
  for (const file of [...files.filter(({ path }) => path !== 'index.json'), ...files.filter(({ path }) => path === 'index.json')]) {
    const path = join(folder, file.path)
    const there = await readFile(path).catch(() => undefined)
    if (there !== undefined && digestOf(there) === file.digest) continue
    await mkdir(dirname(path), { recursive: true })
    const beside = `${path}.${process.pid}`
    await writeFile(beside, await file.open())
    await rename(beside, path)
    written += file.size
  }
  return written
}
