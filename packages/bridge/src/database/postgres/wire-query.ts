import type { EventEmitter } from 'node:events'
import type { Submittable } from 'pg'
import type { Answer } from '../answer.ts'
import { asText, builtInDecode, type Decode } from './types.ts'
import type { Bound } from './values.ts'

/** A statement as it is sent. */
export interface Statement {
  readonly text: string
  readonly values: readonly Bound[]
  /** Names it as a prepared statement, parsed and described once a connection. */
  readonly name?: string
}

/** What a statement gave, before values of types that are not built in are decoded. */
export interface RawAnswer extends Answer {
  /** The type of each column. */
  readonly types: readonly number[]
  /** The command tag: `SELECT 1`, `COMMIT`, … */
  readonly tag: string
}

/** The parts of pg's wire connection that are used here; its types leave them out. */
export interface WireConnection extends EventEmitter {
  readonly stream: { cork(): void; uncork(): void; readonly writable: boolean; readonly readableEnded: boolean }
  /** Statements prepared on this connection, by name. */
  readonly parsedStatements: Record<string, string>
  parse(message: { readonly text: string; readonly name?: string }): void
  bind(message: { readonly statement?: string; readonly values: readonly Bound[] }): void
  describe(message: { readonly type: 'P' }): void
  execute(message: object): void
  sync(): void
  sendCopyFail(message: string): void
}

interface Field {
  readonly name: string
  readonly dataTypeID: number
}

interface Columns {
  readonly names: readonly string[]
  readonly types: readonly number[]
  readonly decodes: readonly Decode[]
}

const NO_COLUMNS: Columns = { names: [], types: [], decodes: [] }

/** The columns of prepared statements by name. They cannot change: Postgres refuses the statement instead. */
const described = new WeakMap<WireConnection, Map<string, Columns>>()

/**
 * Statements sent to Postgres in one go, in place of pg's `Query`: with one Sync at their end they are one round trip and
 * one implicit transaction (manual, "Pipelining"), and a prepared statement is described only once. The answer is that
 * of the last statement.
 */
export class WireQuery implements Submittable {
  readonly #last: Statement
  readonly #parsing: Statement[] = []
  readonly #rows: unknown[][] = []
  #connection: WireConnection | undefined
  #columns: Columns | undefined
  #step = 0
  #tag = ''
  #failure: unknown

  /** @param done told the answer, or the error and which statement it is of. */
  constructor(
    private readonly statements: readonly Statement[],
    private readonly done: (error: unknown, answer: RawAnswer | undefined, step: number) => void,
  ) {
    this.#last = statements.at(-1) as Statement
  }

  submit(wire: object): void {
    const connection = wire as WireConnection
    this.#connection = connection
    // All messages in one write.
    connection.stream.cork()
    for (const statement of this.statements) this.#send(connection, statement)
    connection.sync()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#columns = {
      names: fields.map((field) => field.name),
      types: fields.map((field) => field.dataTypeID),
      decodes: fields.map((field) => builtInDecode(field.dataTypeID) ?? asText),
    }
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#step < this.statements.length - 1 || this.#failure !== undefined) return
    const { decodes } = this.#columns ?? NO_COLUMNS
    try {
      this.#rows.push(fields.map((text, column) => (text === null ? null : (decodes[column] ?? asText)(text))))
    } catch (error) {
      this.#failure = error
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#tag = text
    this.#step++
  }

  /** Stands in place of CommandComplete where there is nothing to run. */
  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleReadyForQuery(): void {
    if (this.#failure !== undefined) return this.handleError(this.#failure)
    const columns = this.#columns ?? NO_COLUMNS
    const { name } = this.#last
    if (name !== undefined) this.#rememberColumns(name, columns)
    this.#finish(undefined, {
      columns: columns.names, types: columns.types, rows: this.#rows, changed: changedRows(this.#tag), tag: this.#tag,
    })
  }

  handleError(error: unknown): void {
    this.#finish(error, undefined)
  }

  /** No portal is read in parts. */
  handlePortalSuspended(): void {}

  handleCopyInResponse(wire: object): void {
    const connection = wire as WireConnection
    connection.sendCopyFail('it has no source')
    // The one sent before is ignored while data is awaited.
    connection.sync()
  }

  handleCopyData(): void {}

  #send(connection: WireConnection, statement: Statement): void {
    const { text, name, values } = statement
    if (name === undefined || connection.parsedStatements[name] === undefined) {
      if (this.#parsing.length === 0) connection.on('parseComplete', this.#onParsed)
      this.#parsing.push(statement)
      connection.parse({ text, name })
    }
    connection.bind({ statement: name, values })
    if (statement === this.#last) {
      this.#columns = name === undefined ? undefined : described.get(connection)?.get(name)
      if (this.#columns === undefined) connection.describe({ type: 'P' })
    }
    connection.execute({})
  }

  /** A statement stays prepared once it is parsed, even if it fails after that. */
  readonly #onParsed = (): void => {
    const parsed = this.#parsing.shift()
    if (parsed?.name !== undefined && this.#connection) this.#connection.parsedStatements[parsed.name] = parsed.text
  }

  #rememberColumns(name: string, columns: Columns): void {
    const connection = this.#connection as WireConnection
    let known = described.get(connection)
    if (known === undefined) described.set(connection, known = new Map())
    known.set(name, columns)
  }

  #finish(error: unknown, answer: RawAnswer | undefined): void {
    this.#connection?.off('parseComplete', this.#onParsed)
    this.done(error, answer, this.#step)
  }
}

/** The count at the end of a command tag: `INSERT 0 5`, `UPDATE 3`. */
function changedRows(tag: string): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? 0)
}
