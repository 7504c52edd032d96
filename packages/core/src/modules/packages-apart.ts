import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { digestOf, type Digest } from '@santokit/bridge/manifest'
import { basename, dirname, extname, join } from 'pathe'
import type { Plugin as RollupPlugin } from 'rollup'

/** Packages, bundled apart from the logic that imports them. */
export interface PackagesApart {
  /** Where each stands, by the name under which it was left out. URLs of files. */
  readonly urls: ReadonlyMap<string, string>
  /** Every file that was read, and those that were written, with their hashes. Absolute paths. */
  readonly files: ReadonlyMap<string, Digest>
}

const APART = 'apart:'

/**
 * Where packages were found, by who asks for what. To resolve a package has its files read and parsed, which took longer than
 * everything else that a save asks for.
 */
const resolutions = new Map<string, string>()

/**
 * Leaves installed ES modules out of a bundle and notes them. What is CommonJS is bundled as ever: how its names are found
 * depends on who imports it.
 */
export function leaveOut(found: Set<string>): RollupPlugin {
  return {
    name: 'santokit:packages-apart',
    resolveId: {
      order: 'pre',
      async handler(source, importer, options) {
        if (importer === undefined || /^[./\0]|^node:/.test(source)) return null
        const key = JSON.stringify([source, dirname(importer)])
        let file = resolutions.get(key)
        if (file === undefined || !existsSync(file)) {
          const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
          if (resolved === null || resolved.external !== false || !resolved.id.includes('/node_modules/') || !isEsModule(resolved.id)) return resolved
          file = resolved.id
          resolutions.set(key, file)
        }
        found.add(file)
        // A name of its own: resolving may have loaded the file itself already, and one thing cannot be inside and outside.
        return { id: `${APART}${file}`, external: true }
      },
    },
  }
}

function isEsModule(file: string): boolean {
  const extension = extname(file)
  return extension === '.mjs' || (extension === '.js' && nearestType(dirname(file)) === 'module')
}

function nearestType(folder: string): unknown {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly type?: unknown }).type
    if (dirname(at) === at) return undefined
  }
}

interface Known {
  /** By the file it was resolved to: its name in {@link folder}. */
  readonly names: Readonly<Record<string, string>>
  readonly folder: string
  readonly files: Readonly<Record<string, Digest>>
}

/**
 * Bundles packages together, so that what they share is there once, and remembers the result in `place`.
 *
 * @param entries the files that packages were resolved to.
 * @param bundle bundles entries, by name, and tells what was read.
 */
export async function bundlePackages(
  entries: readonly string[],
  place: string,
  bundle: (input: Readonly<Record<string, string>>) => Promise<{ readonly files: readonly { readonly path: string; readonly code: string }[]; readonly inputs: ReadonlyMap<string, Digest> }>,
): Promise<PackagesApart> {
  const sorted = entries.toSorted()
  const memory = join(place, `${digestOf(JSON.stringify(sorted)).slice('sha256:'.length, 20)}.json`)
  const known = await recall(memory)
  if (known !== undefined) return apart(known)
  const names = Object.fromEntries(sorted.map((entry, index) => [entry, `${index}-${basename(entry, extname(entry))}`]))
  const { files, inputs } = await bundle(Object.fromEntries(sorted.map((entry) => [names[entry] ?? entry, entry])))
  // Named by what is in it: a module is loaded once for each address, so other content needs another.
  const folder = join(place, digestOf(JSON.stringify(files)).slice('sha256:'.length, 20))
  await writeOnce(folder, files)
  const written = files.map(({ path, code }) => [join(folder, path), digestOf(code)] as const)
  const made: Known = { names, folder, files: Object.fromEntries([...inputs, ...written]) }
  await writeFile(memory, JSON.stringify(made))
  return apart(made)
}

function apart({ names, folder, files }: Known): PackagesApart {
  const urls = Object.entries(names).map(([entry, name]) => [`${APART}${entry}`, pathToFileURL(join(folder, `${name}.mjs`)).href] as const)
  return { urls: new Map(urls), files: new Map(Object.entries(files)) }
}

/** What is remembered, as long as every file it was made of, and every file of it, is what it was. */
async function recall(memory: string): Promise<Known | undefined> {
  try {
    const known = JSON.parse(await readFile(memory, 'utf8')) as Known
    return Object.entries(known.files).every(([file, digest]) => digestOf(readFileSync(file, 'utf8')) === digest) ? known : undefined
  } catch {
    return undefined
  }
}

async function writeOnce(folder: string, files: readonly { readonly path: string; readonly code: string }[]): Promise<void> {
  const draft = `${folder}.${process.pid}`
  for (const { path, code } of files) {
    await mkdir(dirname(join(draft, path)), { recursive: true })
    await writeFile(join(draft, path), code)
  }
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
}
