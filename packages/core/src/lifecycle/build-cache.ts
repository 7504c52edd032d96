import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'pathe'

/**
 * Remembers results between builds, one JSON file a name. It is only ever a shortcut: what it holds is keyed by hashes of
 * what the result was made from, and a cache that is missing, unreadable or unwritable changes nothing but the time.
 */
export interface BuildCache {
  read<T>(name: string): Promise<T | undefined>
  write(name: string, value: unknown): Promise<void>
}

/** A cache in `<root>/.santokit/cache/<project>/`. */
export function openBuildCache(root: string, project: string): BuildCache {
  const folder = join(root, '.santokit/cache', project)
  return {
    async read<T>(name: string) {
      try {
        return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as T
      } catch {
        return undefined
      }
    },
    async write(name, value) {
      try {
        await mkdir(folder, { recursive: true })
        // Renamed into place, so that a build beside this one never reads half a file.
        const file = join(folder, `${name}.json`)
        await writeFile(`${file}.${process.pid}`, JSON.stringify(value))
        await rename(`${file}.${process.pid}`, file)
      } catch {
        // A read-only checkout builds as well, only slower.
      }
    },
  }
}
