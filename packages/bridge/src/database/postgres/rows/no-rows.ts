import type { RowSink } from '../wire/exchange.ts'

/** For statements that are run for their effect. */
export const NO_ROWS: RowSink = { row() {} }
