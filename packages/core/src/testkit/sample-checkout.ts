import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { UserConfig } from '../config/types.ts'

/** A config without what only a program can hold: plugins, and what a plugin put there. */
export type SampleConfig = Omit<UserConfig, 'plugins' | 'extends'>

/** What a {@link sampleCheckout} holds. */
export interface SampleCheckoutOptions {
  /** Written as `santokit.config.mjs`. @default one project, `shop`, with one SQL logic */
  readonly config?: SampleConfig
  /** Text by path, beside or instead of the sample's own. */
  readonly files?: Readonly<Record<string, string>>
}

/** A person's repository in a folder of its own. */
export interface SampleCheckout {
  /** Absolute. */
  readonly root: string
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
  /** Removes the whole folder. */
  remove(): Promise<void>
}

const CONFIG: SampleConfig = {
  projects: { shop: { databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } } } },
}

const FILES: Readonly<Record<string, string>> = {
  'projects/shop/logic/orders/list.sql': '---\naccess: public\n---\nselect id, total from orders order by id\n',
}

/**
 * Makes a small repository in the system's temporary folder: for tests that run `stk`, or need a `ctx.root` with files.
 *
 * @example
 * const checkout = await sampleCheckout()
 * try { … } finally { await checkout.remove() }
 */
export async function sampleCheckout({ config = CONFIG, files = {} }: SampleCheckoutOptions = {}): Promise<SampleCheckout> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-sample-'))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const all = { 'santokit.config.mjs': `export default ${JSON.stringify(config, undefined, 2)}\n`, ...FILES, ...files }
  for (const [path, text] of Object.entries(all)) await write(path, text)
  return {
    root,
    write,
    read: (path) => readFile(join(root, path), 'utf8'),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}
