import { isAbsolute, resolve } from 'node:path'
import { StkError } from '@santokit/core'

/** Where an image is written instead of being pushed. */
export type Output =
  | { readonly kind: 'oci', readonly path: string }
  | { readonly kind: 'docker-archive', readonly path: string }
  | { readonly kind: 'docker' }

/**
 * Reads `--output`. `undefined` if it was not given: the image is pushed.
 *
 * @throws StkError STK1020
 */
export function readOutput(flag: string | true | undefined, root: string): Output | undefined {
  if (flag === undefined || flag === true) return undefined
  if (flag === 'docker') return { kind: 'docker' }
  const [, kind, path] = /^(oci|docker-archive):(.+)$/.exec(flag) ?? []
  if (path === undefined) throw new StkError('STK1020', { why: `--output does not know "${flag}".`, fix: 'oci:DIR, docker-archive:FILE or docker.' })
  return { kind: kind as 'oci' | 'docker-archive', path: isAbsolute(path) ? path : resolve(root, path) }
}
