import { StkError, type Digest } from '@santokit/core'

/** What a release is made of, and what a Bridge downloads. */
export const ARCHIVE = 'santokit-bundle.tgz'

/** The archive's manifest beside it, for people and programs that only want to look. */
export const MANIFEST = 'manifest.json'

/** Whose releases: nothing else is ever read or written. */
export interface Scope {
  readonly project: string
  readonly target: string
  readonly environment: string
}

/**
 * The scope of a target.
 *
 * @throws StkError STK4007 if the environment's name cannot be part of a path and of a git ref.
 */
export function scopeOf({ project, target, environment }: {
  readonly project: { readonly name: string }
  readonly target: { readonly name: string }
  readonly environment: string
}): Scope {
  for (const [what, name] of [['project', project.name], ['environment', environment]] as const) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || /\.\.|\.lock$|\.$/.test(name)) {
      throw new StkError('STK4007', {
        why: `The ${what} "${name}" cannot be part of a file name.`,
        fix: `Name the ${what} with letters, digits, "-", "_" and single dots.`,
      })
    }
  }
  return { project: project.name, target: target.name, environment }
}

/** The 64 hexadecimal digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

/** Where a file of a bundle stands: the same for equal content, in every environment. */
export function fileKey(project: string, digest: Digest, name: string): string {
  return `${project}/${hexOf(digest)}/${name}`
}

/** Where the record of a release stands. Written once, never changed. */
export function recordKey({ project, environment }: Scope, id: string): string {
  return `${project}/releases/${environment}/${id}.json`
}

/** Where it says which release is live. The only thing that changes. */
export function pointerKey({ project, environment }: Scope): string {
  return `${project}/environments/${environment}.json`
}

/** A release's id: its number in its environment, and the beginning of the digest. */
export function releaseId(number: number, digest: Digest): string {
  return `${String(number).padStart(4, '0')}-${hexOf(digest).slice(0, 12)}`
}

/** The number in a release's id. */
export function numberOf(id: string): number {
  return Number.parseInt(id, 10)
}
