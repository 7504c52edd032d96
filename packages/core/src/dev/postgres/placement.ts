import { createHash } from 'node:crypto'
import { chmod, chown, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { StkError } from '../../diagnostics/error.ts'
import { canReach, type Account } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'

/** Says something worth a person's notice. */
type Report = (message: string) => void

/**
 * Makes the folder for a cluster and its password: in `dataDir`, or in the system's temporary folder if the account cannot
 * get there (root's home, for one, is closed to everybody else).
 */
export async function placeCluster(dataDir: string, account: Account | undefined, report: Report): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  if (account === undefined || (await canReach(account, dataDir))) return ownFolder(join(dataDir, 'postgres'), account)
  const home = join(tmpdir(), `santokit-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`)
  report(`user ${account.name}, whom Postgres runs as instead of root, cannot enter ${dataDir}; its data is in ${home}`)
  return ownFolder(home, account)
}

/** Gives the binaries, or a copy of them in the temporary folder if the account cannot get to where npm put them. */
export async function placeBinaries(found: PostgresBinaries, account: Account | undefined, report: Report): Promise<PostgresBinaries> {
  if (account === undefined || (await canReach(account, dirname(found.postgres)))) return found
  const native = dirname(dirname(found.postgres))
  const { mtimeMs } = await stat(found.postgres)
  const copy = join(tmpdir(), `santokit-postgres-${createHash('sha256').update(`${native} ${mtimeMs}`).digest('hex').slice(0, 12)}`)
  report(`user ${account.name}, whom Postgres runs as instead of root, cannot enter ${native}; using a copy in ${copy}`)
  if (!(await stat(copy).then(() => true, () => false))) {
    const draft = `${copy}.${process.pid}`
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await chmod(draft, 0o755)
    await rename(draft, copy).catch(async (error: unknown) => {
      // Another process had the same copy ready first.
      if (!(await stat(copy).then(() => true, () => false))) throw error
      await rm(draft, { recursive: true, force: true })
    })
  }
  if ((await stat(copy)).uid !== 0) throw new StkError('STK5001', { why: `${copy} belongs to another user.`, fix: `rm -r ${copy}` })
  return { initdb: join(copy, 'bin', basename(found.initdb)), postgres: join(copy, 'bin', basename(found.postgres)) }
}

async function ownFolder(folder: string, account: Account | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = await stat(folder)
  if (account !== undefined && uid !== account.uid) {
    // In a shared folder someone else may have been here first.
    if (uid !== 0) throw new StkError('STK5001', { why: `${folder} belongs to another user.`, fix: `rm -r ${folder}` })
    await chown(folder, account.uid, account.gid)
  }
  await chmod(folder, 0o700)
  return folder
}
