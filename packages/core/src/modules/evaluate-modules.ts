import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'
import type { JsonSchema } from '@santokit/bridge/manifest'
import { dirname, join } from 'pathe'
import type { ArtifactFile } from '../artifact/index.ts'

/** What a module says of itself through `defineLogic`. */
export interface EvaluatedModule {
  readonly access?: unknown
  readonly description?: unknown
  readonly cache?: unknown
  readonly timeout?: unknown
  readonly params?: JsonSchema
  readonly returns?: JsonSchema
}

export type Evaluation =
  | { readonly ok: true; readonly logic: EvaluatedModule }
  /** `problem` is written for the logic's author. */
  | { readonly ok: false; readonly reason: 'throws' | 'not-logic' | 'schema'; readonly problem: string }

/** How long the modules of one project may take to load, in milliseconds. A loop at module scope must not hang a build. */
const LOAD_TIMEOUT = 20_000

/**
 * Loads bundled modules in a thread with an empty environment and asks each for its declarations.
 *
 * @returns an evaluation for each module path.
 */
export async function evaluateModules(
  files: readonly ArtifactFile[],
  modules: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Evaluation>> {
  if (modules.length === 0) return new Map()
  const folder = await mkdtemp(join(tmpdir(), 'santokit-'))
  try {
    await Promise.all([...new Set(files.map((file) => dirname(join(folder, file.path))))].map((path) => mkdir(path, { recursive: true })))
    await Promise.all(files.map((file) => writeFile(join(folder, file.path), file.bytes)))
    const urls = modules.map((path) => pathToFileURL(join(folder, path)).href)
    const evaluations = await loadInThread(urls, signal)
    return new Map(modules.map((path, index) => [path, withoutFolder(evaluations[index], folder)]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function loadInThread(urls: readonly string[], signal: AbortSignal | undefined): Promise<readonly Evaluation[]> {
  // Here and not above, because most builds find that no module has changed.
  const { Worker } = await import('node:worker_threads')
  return new Promise((resolve, reject) => {
    // Its output is the logic's own and would mix with ours.
    const worker = new Worker(LOADER, { eval: true, env: {}, workerData: urls, stdout: true, stderr: true })
    const found: Evaluation[] = []
    const finish = (rest?: Evaluation): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      void worker.terminate()
      resolve(urls.map((_, index) => found[index] ?? rest ?? { ok: false, reason: 'throws', problem: 'It ended the process while loading.' }))
    }
    const timer = setTimeout(() => {
      finish({ ok: false, reason: 'throws', problem: `It was still loading after ${LOAD_TIMEOUT / 1000} s.` })
    }, LOAD_TIMEOUT)
    const stop = (): void => {
      clearTimeout(timer)
      void worker.terminate()
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', stop, { once: true })
    worker.on('message', (message: { index: number; evaluation: Evaluation } | 'done') => {
      if (message === 'done') finish()
      else found[message.index] = message.evaluation
    })
    worker.on('error', (error: Error) => finish({ ok: false, reason: 'throws', problem: error.message }))
    worker.on('exit', () => finish())
  })
}

function withoutFolder(evaluation: Evaluation | undefined, folder: string): Evaluation {
  if (evaluation === undefined) return { ok: false, reason: 'throws', problem: 'It did not load.' }
  if (evaluation.ok) return evaluation
  return { ...evaluation, problem: evaluation.problem.replaceAll(pathToFileURL(folder).href + '/', '').replaceAll(`${folder}/`, '') }
}

/** Runs in the thread. Plain JavaScript in a string, because a thread cannot load TypeScript on every Node we support. */
const LOADER = `
const { parentPort, workerData } = require('node:worker_threads')
const jsonSchema = (schema, side, name) => {
  if (schema === undefined || schema === null) return undefined
  const convert = schema['~standard'] && schema['~standard'].jsonSchema
  if (!convert) throw new Error(name + ' is not a schema that can be written as JSON Schema. Use zod 4.2 or newer, or another library that follows Standard JSON Schema.')
  return JSON.parse(JSON.stringify(convert[side]({ target: 'draft-2020-12' })))
}
const evaluate = async (url) => {
  let logic
  try {
    logic = (await import(url)).default
  } catch (error) {
    return { ok: false, reason: 'throws', problem: error instanceof Error ? error.name + ': ' + error.message : String(error) }
  }
  if (typeof logic !== 'object' || logic === null || typeof logic.handler !== 'function') {
    return { ok: false, reason: 'not-logic', problem: 'Its default export is not a logic.' }
  }
  try {
    const { access, description, cache, timeout } = JSON.parse(JSON.stringify({
      access: logic.access, description: logic.description, cache: logic.cache, timeout: logic.timeout,
    }))
    const params = jsonSchema(logic.params, 'input', 'params')
    const returns = jsonSchema(logic.returns, 'output', 'returns')
    return { ok: true, logic: { access, description, cache, timeout, params, returns } }
  } catch (error) {
    return { ok: false, reason: 'schema', problem: error instanceof Error ? error.message : String(error) }
  }
}
const run = async () => {
  for (const [index, url] of workerData.entries()) parentPort.postMessage({ index, evaluation: await evaluate(url) })
  parentPort.postMessage('done')
}
run()
`
