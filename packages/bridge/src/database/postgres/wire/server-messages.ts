/** A column of a result, as RowDescription gives it. */
export interface Column {
  readonly name: string
  /** The type's OID; of a domain, that of what it rests on. */
  readonly type: number
}

/** The body of a RowDescription. */
export function readColumns(bytes: Buffer, from: number): Column[] {
  const columns: Column[] = []
  let at = from + 2
  for (let left = bytes.readInt16BE(from); left > 0; left--) {
    const end = bytes.indexOf(0, at)
    columns.push({ name: bytes.toString('utf8', at, end), type: bytes.readUInt32BE(end + 7) })
    // Behind the name: table (4), attribute (2), type (4), size (2), modifier (4), format (2).
    at = end + 19
  }
  return columns
}

/** What the server said in an ErrorResponse. */
export class ServerError extends Error {
  override readonly name = 'ServerError'

  constructor(
    /** Not translated. */
    readonly severity: string,
    /** SQLSTATE. */
    readonly code: string,
    message: string,
    readonly constraint: string | undefined,
    /** The function of the server's source that raised it. */
    readonly routine: string | undefined,
  ) {
    super(message)
  }
}

/** The body of an ErrorResponse: fields of a letter and a text each (manual, "Error and Notice Message Fields"). */
export function readError(bytes: Buffer, from: number): ServerError {
  const fields = new Map<string, string>()
  for (let at = from; bytes[at] !== 0;) {
    const end = bytes.indexOf(0, at)
    fields.set(String.fromCharCode(bytes[at] as number), bytes.toString('utf8', at + 1, end))
    at = end + 1
  }
  return new ServerError(
    fields.get('V') ?? fields.get('S') ?? 'ERROR', fields.get('C') ?? 'XX000', fields.get('M') ?? '', fields.get('n'), fields.get('R'),
  )
}

/** The body of a CommandComplete: `SELECT 1`, `INSERT 0 5`, `COMMIT`, … */
export function readTag(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to - 1)
}

/** The count at the end of a command tag, 0 if it has none. */
export function changedRows(tag: string): number {
  let count = 0
  let unit = 1
  let at = tag.length - 1
  for (let digit = tag.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = tag.charCodeAt(--at) - 48) {
    count += digit * unit
    unit *= 10
  }
  return tag[at] === ' ' ? count : 0
}
