import { assertAccess } from './access.ts'
import { checkParams } from './check-params.ts'
import type { CallScope } from './database/index.ts'
import type { Client, Deadline } from './deadline.ts'
import { encodeJson } from './json.ts'
import type { Caller, Database, Databases, LogicContext, SqlValue, Transaction } from './logic.ts'
import { DEFAULT_LIMITS } from './manifest/format.ts'
import { type Trace, traceHeaders } from './observe/index.ts'
import { bindValues } from './params/index.ts'
import type { Logic, ModuleLogic, Runtime, SqlLogic } from './runtime.ts'

/** What surrounds a logic while it runs: shared by a call from outside and all the logic it calls. */
export interface Frame {
  readonly runtime: Runtime
  readonly caller: Caller
  readonly requestId: string
  readonly client: Client
  /** The distributed trace that the client's request belongs to. */
  readonly distributed: Trace | undefined
  readonly deadline: Deadline
  readonly onQuery: (ms: number) => void
  /** Open transactions that the logic runs inside of, by alias. */
  readonly transactions: ReadonlyMap<string, Transaction>
  /** How many logics called one another to come here. */
  readonly depth: number
  /** Nothing may be written: the answer is kept for others, so making it must not be what changes something. */
  readonly readOnly?: boolean
}

/**
 * Runs a logic with params that have been checked, and gives its data as JSON text. What comes from SQL is written as JSON
 * while it arrives.
 */
export function invokeToJson(logic: Logic, params: unknown, frame: Frame): Promise<string> {
  if (logic.kind === 'module') return runModule(logic, params, frame).then(encodeJson)
  const { entry, driver } = logic
  return driver.runToJson(entry, bindValues(entry, params as Readonly<Record<string, SqlValue>>, frame.caller), scopeOf(frame))
}

/** Runs a logic with params that have been checked, and gives its data. */
export async function invoke(logic: Logic, params: unknown, frame: Frame): Promise<unknown> {
  return logic.kind === 'sql' ? runSql(logic, params as Readonly<Record<string, SqlValue>>, frame) : runModule(logic, params, frame)
}

async function runSql({ entry, driver }: SqlLogic, params: Readonly<Record<string, SqlValue>>, frame: Frame): Promise<unknown> {
  const values = bindValues(entry, params, frame.caller)
  return driver.run(entry, values, scopeOf(frame), frame.transactions.get(entry.database))
}

async function runModule({ path, definition }: ModuleLogic, params: unknown, frame: Frame): Promise<unknown> {
  const context: LogicContext<unknown> = {
    params,
    db: databasesOf(frame),
    auth: frame.caller,
    call: <T>(target: string, given: Record<string, unknown> = {}, options: { readonly tx?: Transaction } = {}) =>
      callLogic(path, target, given, enterTransaction(frame, options.tx)) as Promise<T>,
    request: { id: frame.requestId, get headers() { return frame.client.headers() }, trace: traceHeaders(frame.distributed) },
    get log() { return frame.runtime.logAbout({ requestId: frame.requestId, logic: path }) },
    get signal() { return frame.deadline.signal },
  }
  const data: unknown = await definition.handler(context)
  if (frame.runtime.settings.dev && definition.returns) await assertReturns(path, definition.returns, data)
  return data
}

/**
 * Logic calling logic. The callee's access holds for the caller as it would from outside; a private one is open to every
 * logic of the project unless it names roles, since `authenticated` is only what stands there by default.
 *
 * @throws Error if the call itself is a mistake: that is the calling logic's failure, not its client's.
 */
async function callLogic(from: string, path: string, params: Readonly<Record<string, unknown>>, frame: Frame): Promise<unknown> {
  const { runtime, depth } = frame
  const logic = runtime.logic.get(path)
  if (!logic) throw new Error(`${from} calls ${JSON.stringify(path)}, which does not exist.`)
  if (depth >= runtime.manifest.limits.callDepth) {
    throw new Error(`${from} calls ${path}, but logic has called logic ${depth} times already (limits.callDepth).`)
  }
  const { access } = logic.entry
  if (!(logic.entry.private && access === 'authenticated')) assertAccess(runtime, access, frame.caller)
  frame.deadline.throwIfOver()
  const checked = await checkParams(logic, params, 'json')
  if (!checked.ok) {
    const places = checked.issues.map((issue) => `${issue.path || '(params)'}: ${issue.message}`)
    throw new Error(`${from} calls ${path} with invalid params. ${places.join('; ')}`)
  }
  return invoke(logic, checked.value, { ...frame, depth: depth + 1 })
}

/** A transaction holds for everything below the call it was given to. */
function enterTransaction(frame: Frame, tx: Transaction | undefined): Frame {
  if (!tx) return frame
  return { ...frame, transactions: new Map([...frame.transactions, [tx.alias, tx]]) }
}

function scopeOf(frame: Frame): CallScope {
  const { responseBytes = DEFAULT_LIMITS.responseBytes } = frame.runtime.manifest.limits
  return new Scope(frame.deadline, frame.caller, frame.onQuery, frame.readOnly === true, responseBytes)
}

/** A class, because a literal with a getter in it takes several times as long to make. */
class Scope implements CallScope {
  constructor(
    readonly end: Deadline, readonly caller: Caller, readonly onQuery: (ms: number) => void, readonly readOnly: boolean,
    readonly maxBytes: number,
  ) {}

  get signal(): AbortSignal {
    return this.end.signal
  }
}

/** Aliases are bound to the call when they are first used: most logic uses one, and much uses none. */
function databasesOf(frame: Frame): Databases {
  const { databases } = frame.runtime
  const bound = new Map<string, Database>()
  const bind = (alias: string): Database => {
    const driver = databases.get(alias)
    if (!driver) throw new Error(`The project has no database "${alias}". It has: ${[...databases.keys()].join(', ') || 'none'}.`)
    const database = frame.transactions.get(alias) ?? driver.database(scopeOf(frame))
    bound.set(alias, database)
    return database
  }
  return new Proxy({} as Databases, {
    get: (_, alias) => typeof alias === 'symbol' ? undefined : bound.get(alias) ?? bind(alias),
  })
}

/** In development only: a result that breaks its own declaration breaks typed clients. */
async function assertReturns(path: string, schema: NonNullable<ModuleLogic['definition']['returns']>, data: unknown): Promise<void> {
  const { issues } = await schema['~standard'].validate(data)
  if (!issues) return
  const places = issues.map((issue) => {
    const at = (issue.path ?? []).map((key) => String(typeof key === 'object' ? key.key : key)).join('.')
    return `${at || '(result)'}: ${issue.message}`
  })
  throw new Error(`${path} does not return what it declares. ${places.join('; ')}`)
}
