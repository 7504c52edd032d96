import { isStkError, type StkError } from '../diagnostics/index.ts'
import type { Terminal } from './terminal/terminal.ts'

/** How one piece of a run that has several ended. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: StkError }

/** Runs one piece; a failure that Santokit means to show becomes an outcome, so that the other pieces go on. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (isStkError(error)) return { ok: false, error }
    throw error
  }
}

/** The exit code of a run: 0 if all went well, 2 if every failure was usage or config, else 1. */
export function exitCodeOf(outcomes: readonly Outcome<unknown>[]): 0 | 1 | 2 {
  const codes = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.exitCode]))
  if (codes.length === 0) return 0
  return codes.every((code) => code === 2) ? 2 : 1
}

/** Shows the errors that no phase has shown yet. */
export function showFailures(outcomes: readonly Outcome<unknown>[], terminal: Pick<Terminal, 'error'>): void {
  for (const outcome of outcomes) if (!outcome.ok) terminal.error(outcome.error)
}
