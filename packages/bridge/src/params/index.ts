import type { Caller, Schema, SqlValue } from '../logic.ts'
import type { ParamSpec, SqlLogicEntry } from '../manifest/format.ts'

/** One thing wrong with the params of a call. */
export interface ParamIssue {
  /** The parameter, and the way into it: `tags.2`. Empty for the params as a whole. */
  readonly path: string
  readonly message: string
  /** Stable, for programs. */
  readonly code: string
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly ParamIssue[] }

/** Where params come from: a JSON body, or a query string whose values are all strings. */
export type ParamSource = 'json' | 'query'

export type CheckInputs = (params: Readonly<Record<string, unknown>>, from: ParamSource) => Checked<Readonly<Record<string, SqlValue>>>

export function compileInputs(_inputs: readonly ParamSpec[]): CheckInputs {
  throw new Error('not there yet')
}

export function checkWithSchema(_schema: Schema, _params: unknown): Promise<Checked<unknown>> {
  throw new Error('not there yet')
}

export function bindValues(_entry: SqlLogicEntry, _params: Readonly<Record<string, SqlValue>>, _caller: Caller): SqlValue[] {
  throw new Error('not there yet')
}
