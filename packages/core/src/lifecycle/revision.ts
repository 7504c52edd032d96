import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { dirname, join } from 'pathe'
import { childEnvironment } from '../secrets/child-environment.ts'

/** What a working tree is at. */
export interface SourceRevision {
  /**
   * The commit, with `-dirty` if tracked files differ from it. `GITHUB_SHA` or `CI_COMMIT_SHA` stand in where CI has no `git`;
   * `undefined` where it cannot be known.
   */
  readonly revision: string | undefined
  /** `SOURCE_DATE_EPOCH`, else when the commit was made. ISO 8601, UTC, in whole seconds. */
  readonly sourceDate: string | undefined
}

/** Reads what is checked out at `root`. Two `git` processes, side by side; none where nothing is checked out. */
export async function readRevision(root: string, env: Readonly<Record<string, string | undefined>>): Promise<SourceRevision> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    const { execFile } = await import('node:child_process')
    return promisify(execFile)('git', args, { cwd: root, env: childEnvironment(env), maxBuffer: LONGEST }).then(({ stdout }) => stdout.trim(), () => undefined)
  }
  const [head, changes] = isCheckout(root) ? await Promise.all([
    git('log', '-1', '--no-show-signature', '--format=%H %ct'),
    git('status', '--porcelain', '--untracked-files=no'),
  ]) : []
  const [commit, seconds] = head?.split(' ') ?? []
  return {
    revision: commit === undefined || commit === '' ? env.GITHUB_SHA ?? env.CI_COMMIT_SHA : commit + (changes === '' ? '' : '-dirty'),
    sourceDate: dateOf(env.SOURCE_DATE_EPOCH) ?? dateOf(seconds),
  }
}

/** Bytes of what `git` says. A tree in which everything has changed has much to say. */
const LONGEST = 1 << 28

/** Whether `git` would find a repository: `.git` is a folder, or in a worktree a file. */
function isCheckout(folder: string): boolean {
  return existsSync(join(folder, '.git')) || (dirname(folder) !== folder && isCheckout(dirname(folder)))
}

/** Seconds since 1970, as text. Anything else is no date. */
function dateOf(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z') : undefined
}
