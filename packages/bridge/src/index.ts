/** What logic is written with. Small on purpose: it is bundled into every project. */
export { defineLogic, LogicError } from './logic.ts'
export type {
  Caller, Database, Databases, Log, LogicContext, LogicDefinition, Output, Queryable, Returned, Row, Schema, SchemaIssue,
  SchemaResult, SqlValue, Transaction,
} from './logic.ts'
export type { Access, Json } from './manifest/format.ts'
