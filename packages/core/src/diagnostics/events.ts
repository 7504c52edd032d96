import type { StkError } from './error.ts'

/** The parts of the lifecycle that a person sees. `check` is development's: what is served is held against its databases. */
export type Phase = 'bundle' | 'package' | 'secrets' | 'plan' | 'release' | 'verify' | 'schema' | 'check'

/**
 * What the lifecycle says while it works. The command line turns events into a live table, plain lines, or one JSON
 * object a line; nothing below it prints.
 */
export type ReportEvent =
  | { readonly type: 'phase:start'; readonly phase: Phase; readonly project: string; readonly target?: string }
  | {
      readonly type: 'phase:progress'
      readonly phase: Phase
      readonly project: string
      readonly target?: string
      /** A short present-tense line: `uploading 2 of 3`. */
      readonly message: string
    }
  | {
      readonly type: 'phase:done'
      readonly phase: Phase
      readonly project: string
      readonly target?: string
      /** Milliseconds. */
      readonly ms: number
      /** One line: what came out. */
      readonly summary: string
      /** The same for programs. */
      readonly data?: Readonly<Record<string, unknown>>
    }
  | {
      readonly type: 'phase:failed'
      readonly phase: Phase
      readonly project: string
      readonly target?: string
      readonly ms: number
      readonly error: StkError
    }
  /** Development: a new Bridge answers at the project's address, so many milliseconds after the save was seen. */
  | { readonly type: 'served'; readonly project: string; readonly url: string; readonly ms?: number }
  | { readonly type: 'note'; readonly level: 'info' | 'warn'; readonly message: string; readonly project?: string; readonly target?: string }

/** Receives events in the order they happen. Must not throw. */
export type Report = (event: ReportEvent) => void
