import type { Digest, TargetContext } from '@santokit/core'
import { z } from 'zod'

/** The variable of a Worker that says what it is. It stays with the code when secrets are changed or a version is restored. */
export const MARK = 'SANTOKIT'

/** What a version of a Worker is, in the words of the target that made it. */
export interface Mark {
  readonly project: string
  readonly target: string
  readonly environment: string
  /** The bundle's digest, which is the version's tag, too. */
  readonly bundle: Digest
  /** Hash of the module and of all settings: equal where an upload would change nothing. */
  readonly content: Digest
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/).transform((text) => text as Digest)

const mark = z.object({ project: z.string(), target: z.string(), environment: z.string(), bundle: digest, content: digest })

export function writeMark({ project, target, environment, bundle, content }: Mark): string {
  return JSON.stringify({ project, target, environment, bundle, content })
}

/** @returns `undefined` if it is no mark of ours. */
export function readMark(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined
  try {
    return mark.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Whether a version is this target's, in this environment. */
export function isOurs(found: Mark, { project, target, environment }: Pick<TargetContext<unknown>, 'project' | 'target' | 'environment'>): boolean {
  return found.project === project.name && found.target === target.name && found.environment === environment
}
