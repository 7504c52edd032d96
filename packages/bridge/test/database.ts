import { expect } from 'vitest'
import { DatabaseError, type CallScope } from '../src/database/index.ts'
import type { Binding, ParamSpec, SqlLogicEntry, SqlResult } from '../src/manifest/format.ts'

/** The scope of a call by nobody that nothing ends, but for `settings`. */
export function scope(settings: Partial<CallScope> = {}): CallScope {
  return { signal: new AbortController().signal, caller: { sub: null, roles: [], claims: {} }, ...settings }
}

/** A SQL logic as the manifest holds it. */
export function logic(
  text: string, result: SqlResult,
  { inputs = [], readOnly = true }: { readonly inputs?: readonly Pick<ParamSpec, 'name' | 'type'>[]; readonly readOnly?: boolean } = {},
): SqlLogicEntry {
  return {
    kind: 'sql', access: 'public', private: false, source: 'x.sql', params: {}, database: 'main', text, result, readOnly,
    bindings: inputs.map(({ name }): Binding => ({ from: 'param', name })),
    inputs: inputs.map((input) => ({ ...input, array: false, required: true })),
  }
}

/** The error that a promise rejects with, which must be a DatabaseError. */
export async function failure(promise: Promise<unknown>): Promise<DatabaseError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(DatabaseError)
  return error as DatabaseError
}

/** Something to wait at until the test says go. */
export function newGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
