import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { hexOf } from '../oci/content.ts'
import { digestOf } from '../registry/digest.ts'

/**
 * Content by its digest, on disk and shared by every project of a user. It only ever saves time: what is read is hashed
 * again, and a cache that is missing, spoilt or unwritable is as good as an empty one.
 */
export interface ContentCache {
  read(digest: string): Promise<Uint8Array | undefined>
  write(digest: string, bytes: Uint8Array): Promise<void>
  /** What was noted under a name that is not a digest. Nothing vouches for it but the reader's own checks. */
  recall(name: string): Promise<Buffer | undefined>
  note(name: string, content: string | Uint8Array): Promise<void>
}

/** A cache in `folder`. */
export function openCache(folder: string): ContentCache {
  const fileOf = (digest: string): string => join(folder, 'blobs/sha256', hexOf(digest))
  return {
    async read(digest) {
      const bytes = find(fileOf(digest))
      return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined
    },
    write: (digest, bytes) => put(fileOf(digest), bytes),
    recall: async (name) => find(join(folder, name)),
    note: (name, content) => put(join(folder, name), content),
  }
}

/**
 * Where a user's caches are: `SANTOKIT_CACHE`, else `santokit` in the system's place for them (XDG base directory
 * specification on Linux).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.SANTOKIT_CACHE) return env.SANTOKIT_CACHE
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'santokit')
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'santokit/cache')
  return join(homedir(), platform === 'darwin' ? 'Library/Caches' : '.cache', 'santokit')
}

/** At once: these are small, and a turn of the event loop for each step of opening a file takes longer than reading it. */
function find(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

async function put(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    // Renamed into place, so that a run beside this one never reads half a file.
    const beside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
    await writeFile(beside, content)
    await rename(beside, file)
  } catch {
    // A cache that cannot be written costs time and nothing else.
  }
}
