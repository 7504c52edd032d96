import { createRequire } from 'node:module'
import { readRevision } from '../revision.ts'
import type { Finding } from './finding.ts'

/** Looks at what runs `stk`: Node.js and git. */
export async function examineMachine(root: string, env: Readonly<Record<string, string | undefined>>, nodeVersion: string): Promise<readonly Finding[]> {
  return [nodeFinding(nodeVersion), await gitFinding(root, env)]
}

/** @param version as in `process.versions.node`. */
export function nodeFinding(version: string): Finding {
  const { engines } = createRequire(import.meta.url)('@santokit/core/package.json') as { readonly engines: { readonly node: string } }
  const place = { part: 'machine', subject: 'Node.js' } as const
  const [least, now] = [numbersOf(engines.node), numbersOf(version)]
  const differs = least.findIndex((part, at) => part !== (now[at] ?? 0))
  const isOld = differs !== -1 && (now[differs] ?? 0) < (least[differs] ?? 0)
  return isOld
    ? { ...place, state: 'wrong', says: `${version}, and Santokit needs ${engines.node}`, fix: 'Install a newer one: https://nodejs.org' }
    : { ...place, state: 'fine', says: version }
}

function numbersOf(version: string): readonly number[] {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number)
}

async function gitFinding(root: string, env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const { revision } = await readRevision(root, env)
  const place = { part: 'machine', subject: 'git' } as const
  if (revision === undefined) {
    return { ...place, state: 'worth a look', says: 'no commit is known, so releases do not say which they are of', fix: 'Install git and commit, or set GITHUB_SHA or CI_COMMIT_SHA.' }
  }
  const commit = revision.slice(0, 10)
  return revision.endsWith('-dirty')
    ? { ...place, state: 'worth a look', says: `${commit}, with changes that are not committed`, fix: 'Commit before you release, so that the release can be made again.' }
    : { ...place, state: 'fine', says: commit }
}
