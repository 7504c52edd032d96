import { x } from 'tinyexec'
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

/** Reads what is checked out at `root`. Two `git` processes, side by side. */
export async function readRevision(root: string, env: Readonly<Record<string, string | undefined>>): Promise<SourceRevision> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    // tinyexec adds this process's environment to the one it is given; what is `undefined` stays out of it.
    const nothing = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
    const run = await x('git', [...args], { nodeOptions: { cwd: root, env: { ...nothing, ...childEnvironment(env) } } })
    return run.exitCode === 0 ? run.stdout.trim() : undefined
  }
  const [head, changes] = await Promise.all([
    git('log', '-1', '--no-show-signature', '--format=%H %ct'),
    git('status', '--porcelain', '--untracked-files=no'),
  ]).catch(() => [])
  const [commit, seconds] = head?.split(' ') ?? []
  return {
    revision: commit === undefined || commit === '' ? env.GITHUB_SHA ?? env.CI_COMMIT_SHA : commit + (changes === '' ? '' : '-dirty'),
    sourceDate: dateOf(env.SOURCE_DATE_EPOCH) ?? dateOf(seconds),
  }
}

/** Seconds since 1970, as text. Anything else is no date. */
function dateOf(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z') : undefined
}
