import { positionAt, StkError, throwAll, type ErrorCode, type SourceLocation } from '../diagnostics/index.ts'

/** A file of the user's that is being read. */
export interface SourceFile {
  /** As messages name it. */
  readonly file: string
  /** Without a byte order mark. */
  readonly text: string
}

/** A problem at a known place, still to be reported. */
export interface Problem {
  readonly code: ErrorCode
  readonly why: string
  readonly fix?: string | readonly string[]
  /** Offsets into the file's text. */
  readonly start: number
  readonly end: number
}

/** Drops the byte order mark that some editors write. */
export function withoutBom(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** The error for a problem: its place is underlined to the end of its first line at most. */
export function problemIn(source: SourceFile, { code, why, fix, start, end }: Problem): StkError {
  const [firstLine = ''] = source.text.slice(start, end).split(/[\r\n]/, 1)
  const where: SourceLocation = {
    file: source.file,
    ...positionAt(source.text, start),
    length: Math.max(1, firstLine.trimEnd().length),
    text: source.text,
  }
  return new StkError(code, { why, ...(fix === undefined ? {} : { fix }), where })
}

/** Throws `last` together with what was found before it. */
export function stopAt(last: StkError, before: readonly StkError[]): never {
  throwAll([...before, last])
  throw last
}
