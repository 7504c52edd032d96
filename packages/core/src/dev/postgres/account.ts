import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { StkError } from '../../diagnostics/error.ts'
import { childEnvironment } from '../../secrets/child-environment.ts'

/** The operating system's user that a server runs as. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * The user to run Postgres as, which refuses to run as root: `undefined` for the present user, else one that every system has.
 *
 * @throws StkError STK5001 when root has nobody to hand over to.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all([idOf(name, '-u'), idOf(name, '-g')])
    if (uid !== undefined && gid !== undefined) return { name, uid, gid }
  }
  throw new StkError('STK5001', {
    why: 'Postgres does not run as root, and there is no user `postgres` or `nobody` to run it as.',
    fix: ['useradd --system postgres', 'or run stk as a user that is not root'],
  })
}

/** Whether `account` may pass through every folder down to `path`, which exists. */
export async function canReach(account: Account, path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const traversable = uid === account.uid ? mode & 0o100 : gid === account.gid ? mode & 0o010 : mode & 0o001
    if (traversable === 0) return false
    if (folder === dirname(folder)) return true
  }
}

async function idOf(name: string, flag: '-u' | '-g'): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)('id', [flag, name], { env: childEnvironment(process.env) })
    return Number.parseInt(stdout, 10)
  } catch {
    return undefined
  }
}
