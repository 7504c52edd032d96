import { BootError } from '../boot-error.ts'
import { createRoutes } from '../http/routes.ts'
import { createWebHandler } from '../http/web-handler.ts'
import { consoleSink, createLog, describeError } from '../log.ts'
import { problem } from '../problem.ts'
import { problemAnswer } from '../http/answer.ts'
import { requestIdOf } from '../http/request-id.ts'
import { toWebResponse } from '../http/web-request.ts'
import type { Worker, WorkerEnvironment, WorkerProject } from './contract.ts'
import { createWorkerRuntime } from './runtime.ts'
import { readWorkerVersion } from './settings.ts'

type Handler = (request: Request) => Promise<Response>

/**
 * Makes what answers a Worker's requests. Its runtime is made by the first one, for only then there is an environment; it is kept for
 * all that come to the isolate.
 */
export function createWorkerHandler(project: WorkerProject, later: (work: Promise<unknown>) => void): Worker['fetch'] {
  let handler: Handler | undefined
  return (request, env) => {
    handler ??= startHandler(project, env, later)
    const answered = handler(request)
    // Else a client that leaves would leave everything as it is: its call in the counts, its log line unwritten.
    later(answered)
    return answered
  }
}

function startHandler(project: WorkerProject, env: WorkerEnvironment, later: (work: Promise<unknown>) => void): Handler {
  try {
    const runtime = createWorkerRuntime(project, env, { sink: consoleSink, later, store: caches.default })
    const version = readWorkerVersion(env)
    return createWebHandler(createRoutes(runtime, () => false, version === undefined ? {} : { version }))
  } catch (error) {
    return refusing(error)
  }
}

/** A Worker cannot fail to start for what its environment lacks, so it says so to everyone who asks, and why to the log. */
function refusing(error: unknown): Handler {
  const told = error instanceof BootError ? { code: error.code, why: error.why, fix: error.fix } : { error: describeError(error) }
  createLog(consoleSink, 'error').error('the worker cannot start', told)
  return async (request) => {
    const requestId = requestIdOf(request.headers.get('x-request-id'))
    return toWebResponse(problemAnswer(problem('internal', 'The server cannot start.'), requestId, [['x-request-id', requestId]]))
  }
}
