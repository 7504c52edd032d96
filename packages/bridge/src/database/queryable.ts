import type { Queryable, Row, SqlValue } from '../logic.ts'
import { rowOf, rowsOf, valueOf, type Answer } from './answer.ts'

/** What handlers write statements on; a driver says only how one is asked. */
export abstract class AnswerQueryable implements Queryable {
  protected abstract ask(sql: string, values: readonly SqlValue[]): Promise<Answer>

  async rows<T extends Row = Row>(sql: string, values: readonly SqlValue[] = []): Promise<T[]> {
    return rowsOf(await this.ask(sql, values)) as T[]
  }

  async row<T extends Row = Row>(sql: string, values: readonly SqlValue[] = []): Promise<T | undefined> {
    return rowOf(await this.ask(sql, values)) as T | undefined
  }

  async value<T = unknown>(sql: string, values: readonly SqlValue[] = []): Promise<T | undefined> {
    return valueOf(await this.ask(sql, values)) as T | undefined
  }

  async exec(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.ask(sql, values)).changed
  }
}
