import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/** Where this repository installs programs of its own: gone with `node_modules`. */
export const PEERS_BIN = join(ROOT, 'node_modules/.cache/santokit/peers/bin')

/** The path of a program that this repository installed itself. */
export function installed(program) {
  const path = join(PEERS_BIN, program)
  return isProgram(path) ? path : undefined
}

/** The path of a program: ours first, then `PATH`, then where Debian keeps servers. */
export function which(program) {
  const folders = [PEERS_BIN, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', ...postgresBins()]
  return folders.map((folder) => join(folder, program)).find(isProgram)
}

/** Debian keeps the programs of each major version of Postgres in a folder of its own. */
function postgresBins() {
  const root = '/usr/lib/postgresql'
  return existsSync(root) ? readdirSync(root).map((major) => join(root, major, 'bin')) : []
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
