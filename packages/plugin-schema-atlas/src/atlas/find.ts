import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { StkError } from '@santokit/core'

export interface FindOptions {
  /** A path that the person gave. */
  readonly program: string | undefined
  /** The repository root. */
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Finds the Atlas program: where the option says, else on `PATH`, else in `node_modules/.bin` of the repository or a folder above it.
 *
 * @returns its absolute path.
 * @throws StkError STK6002 with how to install it.
 */
export function findAtlas({ program, root, env }: FindOptions): string {
  const name = process.platform === 'win32' ? 'atlas.exe' : 'atlas'
  if (program !== undefined) {
    const path = resolve(root, program)
    if (isProgram(path)) return path
    throw missing(`${path}, which the option \`program\` names, is not a program.`)
  }
  const folders = [...(env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...binFolders(root)]
  const found = folders.map((folder) => join(folder, name)).find(isProgram)
  if (found === undefined) throw missing('There is no `atlas` on PATH nor in node_modules/.bin.')
  return resolve(found)
}

function missing(why: string): StkError {
  return new StkError('STK6002', {
    why,
    fix: [
      'Install Atlas: https://atlasgo.io/getting-started#installation (the community build is enough), or npm install --save-dev @ariga/atlas',
      'If it is installed: atlas({ program: \'path/to/atlas\' }) in santokit.config.ts',
    ],
  })
}

function binFolders(root: string): readonly string[] {
  const folders: string[] = []
  for (let at = resolve(root); ; at = dirname(at)) {
    folders.push(join(at, 'node_modules/.bin'))
    if (dirname(at) === at) return folders
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
