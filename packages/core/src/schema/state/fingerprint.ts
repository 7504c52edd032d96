import { createHash } from 'node:crypto'
import { canonicalJson } from '@santokit/bridge/manifest'
import type { SchemaState } from '../contract.ts'

/**
 * A state without its contents: what each part of each object hashes to, so that a difference can be named later. Sixteen
 * hexadecimal digits tell parts of one name apart; the whole is compared by its statements, too.
 */
export type Fingerprint = { readonly [object: string]: { readonly [part: string]: string } }

export function fingerprint(state: SchemaState): Fingerprint {
  return Object.fromEntries(Object.entries(state.objects).map(([name, { parts }]) => [
    name, Object.fromEntries(Object.entries(parts).map(([part, value]) => [part, createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16)])),
  ]))
}

/** Where two fingerprints differ. */
export interface Drift {
  readonly object: string
  /** Absent where the whole object is new or gone. */
  readonly part?: string
  readonly kind: 'added' | 'removed' | 'changed'
}

/** What differs in `now` from `before`, in the order of names. */
export function driftBetween(before: Fingerprint, now: Fingerprint): readonly Drift[] {
  const drifts: Drift[] = []
  for (const object of unionOf(before, now)) {
    const [old, current] = [before[object], now[object]]
    if (old === undefined || current === undefined) {
      drifts.push({ object, kind: old === undefined ? 'added' : 'removed' })
      continue
    }
    for (const part of unionOf(old, current)) {
      if (old[part] === current[part]) continue
      drifts.push({ object, part, kind: old[part] === undefined ? 'added' : current[part] === undefined ? 'removed' : 'changed' })
    }
  }
  return drifts
}

/** A drift in words: `table public.users: column email changed`, `view public.recent is gone`. */
export function driftText({ object, part, kind }: Drift): string {
  if (part !== undefined) return `${object}: ${part} ${kind}`
  return kind === 'added' ? `${object} is new` : `${object} is gone`
}

function unionOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
}
