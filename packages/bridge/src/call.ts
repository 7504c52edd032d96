import { assertAccess, identify } from './access.ts'
import { ANONYMOUS } from './auth/index.ts'
import type { CachedAnswer } from './cache/result-cache.ts'
import { type Client, type Deadline, NO_CLIENT } from './deadline.ts'
import { type Frame, invokeToJson } from './invoke.ts'
import { encodeJson } from './json.ts'
import type { Caller } from './logic.ts'
import { type CacheEntry, canonicalJson } from './manifest/index.ts'
import type { Trace } from './observe/index.ts'
import type { Checked, ParamSource } from './params/index.ts'
import { invalidParams, problem } from './problem.ts'
import { readQueryParams } from './query-params.ts'
import { assertParamsCount, checkParams } from './check-params.ts'
import { assertAnswerFits } from './response-size.ts'
import type { Logic, Runtime } from './runtime.ts'

/** A call as it came from outside. */
export interface CallRequest {
  readonly id: string
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
  readonly from: ParamSource
  /** The `Authorization` header. */
  readonly authorization: string | null
  readonly client: Client
}

/** What is noted about a call while it runs, for its log line. */
export interface CallTrace {
  /** Set once the logic is known. */
  logic?: string
  /** Time spent in databases, in milliseconds. */
  dbMs: number
  cache?: 'hit' | 'miss' | 'stale'
  /** The distributed trace that the call belongs to, if any. */
  readonly distributed?: Trace | undefined
  /** As they came, once they are known. */
  params?: CallRequest['params']
}

export interface CallAnswer {
  /** `{"data":…}` */
  readonly body: string
  readonly cached?: { readonly rules: CacheEntry; readonly answer: CachedAnswer }
}

/**
 * Answers one call: find, authorise, validate, run, answer.
 *
 * @throws whatever {@link toProblem} can turn into an answer.
 */
export function answerCall(runtime: Runtime, request: CallRequest, trace: CallTrace): Promise<CallAnswer> {
  const logic = findLogic(runtime, request.path)
  trace.logic = logic.path
  trace.params = request.params
  const deadline = runtime.calls.begin(logic.timeout, request.client)
  // Nothing is awaited that is there already: each wait costs as much as a check.
  return deadline.race(() => {
    const caller = identify(runtime, request.authorization)
    return caller instanceof Promise
      ? caller.then((known) => validate(runtime, logic, known, request, trace, deadline))
      : validate(runtime, logic, caller, request, trace, deadline)
  }, () => runtime.calls.end(deadline))
}

function validate(
  runtime: Runtime, logic: Logic, caller: Caller, request: CallRequest, trace: CallTrace, deadline: Deadline,
): Promise<CallAnswer> {
  assertAccess(runtime, logic.entry.access, caller)
  assertParamsCount(request.params, runtime.manifest.limits)
  const given = request.from === 'query' && logic.kind === 'module' ? readQueryParams(logic.entry.params, request.params) : request.params
  const run = (checked: Checked<unknown>): Promise<CallAnswer> => {
    if (!checked.ok) throw invalidParams(checked.issues)
    if (isCached(logic)) return answerFromCache(runtime, logic, checked.value, given, request, trace)
    return invokeToJson(logic, checked.value, frameOf(runtime, caller, request.id, request.client, deadline, trace))
      .then((data) => ({ body: answerBody(runtime, logic, data) }))
  }
  const checked = checkParams(logic, given, request.from)
  return checked instanceof Promise ? checked.then(run) : run(checked)
}

/** Only an exact name finds a logic, and private ones are not there for a client. */
export function findLogic(runtime: Runtime, path: string): Logic {
  const logic = runtime.logic.get(path)
  if (logic === undefined || logic.entry.private) throw problem('logic_not_found', 'There is no such logic.')
  return logic
}

/** True for logic that `GET` may call: its answer is the same for everyone. */
export function isCached(logic: Logic): logic is Logic & { readonly entry: { readonly cache: CacheEntry } } {
  return logic.entry.cache !== undefined && logic.entry.access === 'public'
}

/**
 * A cached answer belongs to everyone, so it is made without a caller and without a client's headers: there is nothing
 * personal it could hold. Its fill has its own deadline, because the first client to ask may leave before the last.
 */
async function answerFromCache(
  runtime: Runtime, logic: Logic & { readonly entry: { readonly cache: CacheEntry } }, params: unknown,
  given: unknown, request: CallRequest, trace: CallTrace,
): Promise<CallAnswer> {
  // Checked SQL params are plain values with defaults filled in; a module's may be anything its schema makes.
  const identity = logic.kind === 'sql' ? JSON.parse(encodeJson(params)) as unknown : given
  const key = `${runtime.manifest.digest} ${logic.path} ${canonicalJson(identity)}`
  const rules = logic.entry.cache
  const { answer, outcome } = await runtime.cache.get(key, rules, async () => {
    const deadline = runtime.calls.beginBackground(logic.timeout)
    const frame = { ...frameOf(runtime, ANONYMOUS, request.id, NO_CLIENT, deadline, trace), distributed: undefined, readOnly: true }
    return deadline.race(() => makeBody(runtime, logic, params, frame), () => runtime.calls.end(deadline))
  })
  trace.cache = outcome
  return { body: answer.body, cached: { rules, answer } }
}

const NO_TRANSACTIONS: Frame['transactions'] = new Map()

function frameOf(
  runtime: Runtime, caller: Caller, requestId: string, client: Client, deadline: Deadline, trace: CallTrace,
): Frame {
  const onQuery = (ms: number): void => { trace.dbMs += ms }
  return { runtime, caller, requestId, client, distributed: trace.distributed, deadline, onQuery, transactions: NO_TRANSACTIONS, depth: 0 }
}

async function makeBody(runtime: Runtime, logic: Logic, params: unknown, frame: Frame): Promise<string> {
  return answerBody(runtime, logic, await invokeToJson(logic, params, frame))
}

/** @param data as JSON text. */
function answerBody({ manifest }: Runtime, logic: Logic, data: string): string {
  const body = `{"data":${data}}`
  assertAnswerFits(body, logic.path, manifest.limits)
  return body
}
