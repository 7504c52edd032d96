import { StkError, type Bundle, type TargetContext } from '@santokit/core'
import { gzipSync } from 'fflate'
import { modulesOf } from './modules.ts'

/** Cloudflare's limits for a Worker, in bytes. developers.cloudflare.com/workers/platform/limits, "Worker size". */
export const SIZE_LIMITS = { raw: 64 * 1024 * 1024, gzip: { free: 3 * 1024 * 1024, paid: 10 * 1024 * 1024 } } as const

/** Secrets and variables of a Worker, and the bytes of one. Same page, "Environment variables". */
export const VARIABLE_LIMITS = { free: 64, paid: 128, bytes: 5 * 1024 } as const

/** In bytes. */
export interface WorkerSize {
  readonly raw: number
  /** As it is uploaded and counted. */
  readonly gzip: number
}

export function sizeOf(code: Uint8Array): WorkerSize {
  return { raw: code.length, gzip: gzipSync(code, { level: 9, mtime: 0 }).length }
}

/** `312.4 KB, 71.0 KB compressed`. */
export function describeSize({ raw, gzip }: WorkerSize): string {
  return `${kilobytes(raw)}, ${kilobytes(gzip)} compressed`
}

function kilobytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/**
 * Holds a Worker to what Cloudflare takes.
 *
 * @throws StkError STK4203 if no plan has room for it. Where only paid plans have, it warns.
 */
export function checkSize(size: WorkerSize, bundle: Pick<Bundle, 'files' | 'manifest' | 'project'>, { warn }: Pick<TargetContext<unknown>, 'warn'>): void {
  const { raw, gzip } = SIZE_LIMITS
  if (size.raw > raw || size.gzip > gzip.paid) {
    throw new StkError('STK4203', {
      why: `The Worker of "${bundle.project}" has ${describeSize(size)}; Cloudflare takes ${kilobytes(raw)}, and ${kilobytes(gzip.paid)} compressed. Largest: ${largest(bundle)}.`,
      fix: 'Import parts of a package instead of all of it, or divide the project.',
    })
  }
  if (size.gzip > gzip.free) warn(`The Worker has ${describeSize(size)}: free plans take ${kilobytes(gzip.free)}. Largest: ${largest(bundle)}.`)
}

function largest(bundle: Pick<Bundle, 'files' | 'manifest'>): string {
  return modulesOf(bundle).toSorted((a, b) => b.code.length - a.code.length).slice(0, 3)
    .map(({ code, logic, path }) => `${logic.length === 1 ? `"${logic[0] ?? ''}"` : path} (${kilobytes(code.length)})`).join(', ') || 'the Bridge'
}
