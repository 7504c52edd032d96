import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/** Where this repository installs programs of its own: gone with `node_modules`. */
export const PEERS_BIN = join(ROOT, 'node_modules/.cache/santokit/peers/bin')

/** The path of a program: ours first, then `PATH`, then where Debian keeps servers. */
export function which(program) {
  const folders = [PEERS_BIN, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, program)).find(isProgram)
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
