import { StkError, type TargetFlags } from '@santokit/core'

/** How much of the requests a release is to get. */
export type Wish =
  | { readonly kind: 'all' }
  | { readonly kind: 'share'; readonly percentage: number }
  /** None, but at an address of its own. */
  | { readonly kind: 'preview'; readonly alias: string }

/** A host name's part has at most this many characters. RFC 1035, 2.3.4. */
const LABEL = 63

/**
 * Reads `--percentage` and `--preview`.
 *
 * @throws StkError STK1020 for what is neither a percentage nor the name of a branch, or for both.
 */
export function readWish(flags: TargetFlags, worker: string): Wish {
  const { percentage, preview } = flags
  if (typeof percentage === 'string' && typeof preview === 'string') {
    throw new StkError('STK1020', { why: '--percentage gives a release requests, and --preview gives it none.', fix: 'Give one of them.' })
  }
  if (typeof preview === 'string') return { kind: 'preview', alias: previewAlias(preview, worker) }
  if (typeof percentage !== 'string') return { kind: 'all' }
  const share = /^\d{1,3}(\.\d{1,2})?%?$/.test(percentage) ? Number.parseFloat(percentage) : Number.NaN
  if (!(share >= 0 && share <= 100)) throw new StkError('STK1020', { why: `--percentage ${percentage} is no percentage.`, fix: 'Write --percentage 10.' })
  return share === 100 ? { kind: 'all' } : { kind: 'share', percentage: share }
}

/**
 * The part of an address that stands for a branch: `feature/Cart` is `feature-cart`. It is followed by the Worker's name, and both
 * have to fit into one part of a host name.
 */
export function previewAlias(branch: string, worker: string): string {
  const alias = branch.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '').replace(/-+$/, '')
    .slice(0, Math.max(0, LABEL - worker.length - 1)).replace(/-+$/, '')
  if (alias !== '') return alias
  throw new StkError('STK1020', {
    why: `"${branch}" gives no address for a preview of "${worker}".`,
    fix: `It needs a letter, and room beside the Worker's name: ${LABEL} characters for both.`,
  })
}
