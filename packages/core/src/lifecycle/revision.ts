import { x } from 'tinyexec'

/**
 * The commit that is checked out at `root`, with `-dirty` if tracked files differ from it, or `undefined` where that
 * cannot be known. `GITHUB_SHA` or `CI_COMMIT_SHA` stand in where CI has no `git`.
 */
export async function gitRevision(root: string, env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  try {
    const commit = await x('git', ['rev-parse', 'HEAD'], { nodeOptions: { cwd: root } })
    if (commit.exitCode !== 0) return env.GITHUB_SHA ?? env.CI_COMMIT_SHA
    const status = await x('git', ['status', '--porcelain', '--untracked-files=no'], { nodeOptions: { cwd: root } })
    return commit.stdout.trim() + (status.stdout.trim() === '' ? '' : '-dirty')
  } catch {
    return env.GITHUB_SHA ?? env.CI_COMMIT_SHA
  }
}
