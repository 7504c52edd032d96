import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * All that the target needs of its platform. Here the platform is a folder: put yours in its place.
 *
 * Three of these are easy anywhere. The fourth, {@link create}, is what makes releases safe: of two runs that create the same
 * key, one wins and the other is told. Object stores have it (`If-None-Match: *`), databases (a unique key), Git (a ref).
 */
export class Platform {
  constructor(private readonly root: string) {}

  /** @returns `undefined` for what is not there. */
  async read(key: string): Promise<Uint8Array | undefined> {
    return readFile(join(this.root, key)).catch(unlessMissing)
  }

  /** The names below a key. */
  async list(key: string): Promise<readonly string[]> {
    return await readdir(join(this.root, key)).catch(unlessMissing) ?? []
  }

  /** Writes content. Run again it writes the same. */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.root, key)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }

  /**
   * Writes a key that must not be there yet, whole or not at all.
   *
   * @returns false if it is there.
   */
  async create(key: string, text: string): Promise<boolean> {
    const file = join(this.root, key)
    const draft = join(dirname(file), `.${randomUUID()}`)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(draft, text)
    try {
      await link(draft, file)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await rm(draft, { force: true })
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
