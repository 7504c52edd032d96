import { CATALOGUE, type ErrorCode } from './catalogue.ts'

/** A place in a file of the user's. */
export interface SourceLocation {
  /** Relative to the repository root where it lies inside, with `/`. */
  readonly file: string
  /** From 1. */
  readonly line?: number
  /** From 1, in UTF-16 code units. */
  readonly column?: number
  /** How many code units to underline. */
  readonly length?: number
  /** The file's text, so that a frame can be drawn. */
  readonly text?: string
}

/** Which plugin raised an error, and where in the lifecycle. */
export interface Attribution {
  readonly plugin: string
  /** A hook, `config`, or a contribution's method such as `target image: release`. */
  readonly hook: string
}

export interface StkErrorDetails {
  /** Why it happened, in a sentence with the particulars. The catalogue holds the general title. */
  readonly why: string
  /** What to do about it; the first is the likeliest. A command to copy stands as it is typed. */
  readonly fix?: string | readonly string[]
  readonly where?: SourceLocation
  /** The path inside the config, such as `projects.shop.databases.main.url`. */
  readonly configPath?: string
  readonly attribution?: Attribution
  readonly project?: string
  readonly target?: string
  /** The error this one explains. Its message may be printed; secrets must be out of it already. */
  readonly cause?: unknown
  /** The target's flag with which it is done all the same. On a terminal, a person is asked the question instead. */
  readonly accept?: { readonly flag: string; readonly question: string }
  /** Further errors found in the same go, so that a person mends them all at once. */
  readonly others?: readonly StkError[]
}

/** The only error Santokit means to show: a stable code, what happened, where, and how to fix it. */
export class StkError extends Error {
  override readonly name = 'StkError'
  readonly code: ErrorCode
  readonly details: StkErrorDetails

  constructor(code: ErrorCode, details: StkErrorDetails) {
    super(`${code} ${details.why}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }

  /** The general name of this kind of error. */
  get title(): string {
    return CATALOGUE[this.code].title
  }

  /** The process exit code it leads to: 2 for usage and config, 1 for everything else. */
  get exitCode(): 1 | 2 {
    return CATALOGUE[this.code].exit
  }

  /** The same error with more known about it. What it already knows wins. */
  with(details: Partial<StkErrorDetails>): StkError {
    const known = Object.fromEntries(Object.entries(this.details).filter(([, value]) => value !== undefined))
    const more = new StkError(this.code, { ...details, ...known } as StkErrorDetails)
    if (this.stack !== undefined) more.stack = this.stack
    return more
  }
}

/** True for an {@link StkError}, from whichever copy of this package. */
export function isStkError(value: unknown): value is StkError {
  return value instanceof Error && value.name === 'StkError' && 'code' in value && 'details' in value
}

/** Throws one error that carries the others, or returns if there is none. */
export function throwAll(errors: readonly StkError[]): void {
  const [first, ...others] = errors
  if (first === undefined) return
  throw others.length === 0 ? first : new StkError(first.code, { ...first.details, others: [...(first.details.others ?? []), ...others] })
}
