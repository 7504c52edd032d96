import type { CallEnd } from '../../driver.ts'
import type { TypeCatalogue } from '../type-catalogue.ts'
import type { RowSink, Statement } from '../wire/exchange.ts'
import type { Column } from '../wire/server-messages.ts'
import { HeldRows } from './held-rows.ts'
import { ValueRows } from './value-rows.ts'

/** Rows that become an answer. */
export interface Rows<T> extends RowSink {
  /** Called once, when all rows have come. May throw a DatabaseError. */
  finish(columns: readonly Column[], tag: string): T
  /** Called instead when they have not. */
  discard(): void
}

/** What the last of some statements gave, besides its rows. */
export interface Answered {
  readonly columns: readonly Column[]
  /** The command tag: `SELECT 1`, `COMMIT`, … */
  readonly tag: string
  /** Milliseconds in which nothing else was before it on its connection. */
  readonly took: number
}

/** What was asked for, and how long it took the server, in milliseconds. */
export interface Gathered<T> {
  readonly answer: T
  readonly took: number
}

/** Something that statements are sent on. */
export interface Sender {
  /**
   * Sends statements as one exchange.
   *
   * @throws ServerError, SettingsError if a statement before the last was refused, DatabaseError, or what broke the connection.
   */
  send(statements: readonly Statement[], sink: RowSink, end?: CallEnd): Promise<Answered>
}

/** Asks the last of some statements after the others, which make settings for it, and gathers what it gives. */
export async function gather<T>(
  sender: Sender, statements: readonly Statement[], rows: Rows<T>, types: TypeCatalogue, end?: CallEnd,
): Promise<Gathered<T>> {
  const held = new HeldRows(rows, types)
  try {
    const { columns, tag, took } = await sender.send(statements, held, end)
    if (held.waits) await learnTypes(sender, held, columns, types, end)
    return { answer: rows.finish(columns, tag), took }
  } catch (error) {
    rows.discard()
    throw error
  }
}

/** Looks up the types that rows wait for, and lets the rows go on. */
export async function learnTypes(
  sender: Sender, held: HeldRows, columns: readonly Column[], types: TypeCatalogue, end?: CallEnd,
): Promise<void> {
  await types.learn(columns, async (statement) => (await gather(sender, [statement], new ValueRows(types), types, end)).answer.rows)
  held.release(columns)
}
