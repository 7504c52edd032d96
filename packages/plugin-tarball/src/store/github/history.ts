import { z } from 'zod'
import type { Scope } from '../../release/layout.ts'
import { serializeRecord, type ReleaseRecord } from '../../release/record.ts'
import type { StoredRecord } from '../store.ts'
import type { GitHub } from './api.ts'

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const ref = z.object({ object: z.object({ type: z.literal('commit'), sha }) })
const commit = z.object({ sha, message: z.string(), parents: z.array(z.object({ sha })) })
const created = z.object({ sha })
const repository = z.object({ full_name: z.string() })

/**
 * The records of an environment as a chain of commits, and a git ref that names the live one.
 *
 * A ref is the one thing on GitHub that can be changed on a condition: the new commit's parent is the one that was
 * observed, so if the ref has moved meanwhile the update is no fast-forward and is refused.
 */
export interface History {
  readonly ref: string
  live(): Promise<StoredRecord | undefined>
  before(stored: StoredRecord): Promise<StoredRecord | undefined>
  append(record: ReleaseRecord, observed: string): Promise<boolean>
}

export function gitHistory(github: GitHub, { project, environment }: Scope): History {
  // Neither a branch nor a tag: no workflow starts, and nobody finds it in a list of branches.
  const name = `santokit/${project}/${environment}`
  const parents = new Map<string, string>()

  const read = async (commitSha: string): Promise<StoredRecord> => {
    const found = await github.json(commit, { path: `/git/commits/${commitSha}` })
    const [parent] = found.parents
    if (parent !== undefined) parents.set(commitSha, parent.sha)
    return { text: found.message.replace(/^[^\n]*\n+/, ''), version: commitSha, where: `refs/${name}, commit ${commitSha.slice(0, 12)}` }
  }

  return {
    ref: `refs/${name}`,
    async live() {
      const found = await github.find(ref, { path: `/git/ref/${name}` })
      if (found !== undefined) return read(found.object.sha)
      // 404 also stands for a repository that is not there: better to know before anything is sent.
      await github.json(repository, { path: '' })
      return undefined
    },
    async before(stored) {
      const parent = parents.get(stored.version)
      return parent === undefined ? undefined : read(parent)
    },
    async append(record, observed) {
      const text = serializeRecord(record)
      const tree = await github.json(created, {
        method: 'POST', path: '/git/trees', body: { tree: [{ path: 'release.json', mode: '100644', type: 'blob', content: text }] },
      })
      const next = await github.json(created, {
        method: 'POST', path: '/git/commits',
        body: {
          message: `Release ${record.id} of ${project} to ${environment}\n\n${text}`,
          tree: tree.sha,
          parents: observed === '' ? [] : [observed],
        },
      })
      const answer = observed === ''
        ? await github.request({ method: 'POST', path: '/git/refs', body: { ref: `refs/${name}`, sha: next.sha }, expect: [422] })
        : await github.request({ method: 'PATCH', path: `/git/refs/${name}`, body: { sha: next.sha, force: false }, expect: [422] })
      return answer.status !== 422
    },
  }
}
