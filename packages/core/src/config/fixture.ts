import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { isStkError, type StkError } from '../diagnostics/index.ts'
import { loadConfig, type LoadedConfig, type LoadOptions } from './load.ts'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Writes files into a new folder, where `zod` is installed. A name that ends with `/` is an empty folder. */
export function writeFolder(files: Readonly<Record<string, string>>): string {
  // The real path: on some systems the temporary folder is a link.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stk-config-')))
  folders.push(folder)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(dirname(createRequire(import.meta.url).resolve('zod/package.json')), join(folder, 'node_modules', 'zod'))
  writeFiles(folder, files)
  return folder
}

/** Writes files into a folder that is there. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(path, text)
  }
}

/** Loads the config of a folder. */
export function load(cwd: string, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  return loadConfig({ cwd, command: 'build', env: {}, ...options })
}

/** Writes a folder and loads its config. `projects/shop/` is there in any case. */
export function loadFiles(files: Readonly<Record<string, string>>, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  return load(writeFolder({ 'projects/shop/': '', ...files }), options)
}

/** The errors that work ends with, the first with its others. */
export async function errorsOf(work: Promise<unknown> | (() => unknown)): Promise<readonly StkError[]> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (!isStkError(error)) throw error
    return [error, ...(error.details.others ?? [])]
  }
  throw new Error('It was expected to fail.')
}

/** The only error that work ends with. */
export async function errorOf(work: Promise<unknown> | (() => unknown)): Promise<StkError> {
  const errors = await errorsOf(work)
  expect(errors.map(String)).toHaveLength(1)
  return errors[0] as StkError
}
