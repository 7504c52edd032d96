#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { version } from '../package.json'
import { setTimeout as wait } from 'node:timers/promises'
import { BootError, formatBootError } from './boot-error.ts'
import { createNodeListener } from './http/node-listener.ts'
import { createRoutes } from './http/routes.ts'
import { type HttpServer, listen } from './http-server.ts'
import { type LoadedBundle, loadBundle } from './load/index.ts'
import { type BufferedSink, bufferedSink, createLog } from './log.ts'
import { type MetricsServer, serveMetrics } from './observe/index.ts'
import type { Manifest } from './manifest/format.ts'
import { closeRuntime, createRuntime, type Runtime } from './runtime.ts'
import { readServerSettings, type ServerSettings } from './settings/index.ts'
import { surviveStrayErrors } from './stray-errors.ts'

export { BootError, type BootErrorCode, formatBootError } from './boot-error.ts'

/** A Bridge that answers. */
export interface RunningBridge {
  /** Its base URL, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Where its metrics are, if `METRICS_PORT` is set. */
  readonly metricsUrl?: string
  readonly manifest: Manifest
  /**
   * Says that it is not ready, and after `SHUTDOWN_DELAY` stops listening; lets running calls finish within `SHUTDOWN_TIMEOUT`, then ends those that are left with 503, closes
   * every connection and pool, and removes what was unpacked. Further calls give the same promise.
   */
  close(options?: CloseOptions): Promise<void>
}

export interface CloseOptions {
  /**
   * Milliseconds for which an idle keep-alive connection may still bring a request, which is then answered.
   *
   * @default 0
   */
  readonly idleGrace?: number
}

export interface BridgeOptions {
  /** The settings: `PORT`, `HOST`, where the bundle is, and the secrets it names. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Takes each line of the log. Default: stdout. */
  readonly log?: (line: string) => void
}

/**
 * Starts a Bridge for one project.
 *
 * Signals and the process's fate are the caller's; this entry takes care of both when it is the main module.
 *
 * @throws BootError saying what is wrong and how to fix it. Nothing is left open then.
 */
export async function startBridge({ env, log: sink = writeToStdout() }: BridgeOptions): Promise<RunningBridge> {
  const settings = readServerSettings(env)
  const log = createLog(sink, settings.logLevel)
  const opened: { bundle?: LoadedBundle; runtime?: Runtime; metrics?: MetricsServer } = {}
  let stopping = false
  try {
    const bundle = opened.bundle = await loadBundle(env, log)
    const runtime = opened.runtime = await createRuntime({ bundle, settings, env, sink })
    if (settings.metrics) opened.metrics = await serveMetrics(runtime, settings.metrics)
    const listener = createNodeListener(createRoutes(runtime, () => stopping), bodyMemory(bundle.manifest.limits))
    const server = await listen(listener, {
      host: settings.host, port: settings.port, ...settings.connections, readingTimeout: READING_TIME, unsentBytes: UNSENT_BYTES,
    })
    log.info('listening', {
      url: server.url, project: bundle.manifest.project, digest: bundle.manifest.digest, origin: bundle.origin, santokit: version, metrics: opened.metrics?.url,
    })
    let closed: Promise<void> | undefined
    return {
      url: server.url,
      port: server.port,
      ...(opened.metrics === undefined ? {} : { metricsUrl: opened.metrics.url }),
      manifest: bundle.manifest,
      close({ idleGrace = 0 } = {}) {
        stopping = true
        closed ??= stop({ bundle, runtime, settings, server, metrics: opened.metrics }, idleGrace)
        return closed
      },
    }
  } catch (error) {
    await opened.metrics?.close()
    if (opened.runtime) await closeRuntime(opened.runtime)
    await opened.bundle?.dispose()
    throw error
  }
}

interface Opened {
  readonly bundle: LoadedBundle
  readonly runtime: Runtime
  readonly settings: ServerSettings
  readonly server: HttpServer
  readonly metrics: MetricsServer | undefined
}

/** Milliseconds for which a client may read nothing of its answer. */
const READING_TIME = 30_000

/** Bytes of bodies that may have come in part, all together: several of the largest that may come. */
const bodyMemory = ({ bodyBytes }: Manifest['limits']): number => Math.max(64 * 1024 * 1024, 4 * bodyBytes)

/** Bytes of answers that may wait for clients who do not read them, all together. */
const UNSENT_BYTES = 256 * 1024 * 1024

/** Milliseconds for answers of ended calls to leave, and for pools to close, once the time is over. */
const LAST_MOMENTS = 1000

async function stop({ bundle, runtime, settings, server, metrics }: Opened, idleGrace: number): Promise<void> {
  const { log } = runtime
  log.info('stopping')
  await wait(settings.shutdownDelay)
  const drained = server.drain(Math.min(idleGrace, settings.shutdownTimeout))
  if (!await settlesWithin(drained, settings.shutdownTimeout)) {
    log.warn('calls are ended, because SHUTDOWN_TIMEOUT is over')
    runtime.calls.stop()
    await settlesWithin(drained, LAST_MOMENTS)
    server.destroy()
  }
  await settlesWithin(closeRuntime(runtime), LAST_MOMENTS)
  await metrics?.close()
  await bundle.dispose()
  log.info('stopped')
}

async function settlesWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => { timer = setTimeout(() => resolve(false), ms) })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

function writeToStdout(): BufferedSink {
  const sink = bufferedSink((text) => process.stdout.write(text))
  // Pipes and files are written at once on exit, so the last lines are not lost.
  process.once('exit', () => sink.flush())
  return sink
}

/** Milliseconds that clients get to use or leave their idle connections after SIGTERM. */
const IDLE_GRACE = 1000

/** Runs a Bridge as this process: settings from its environment, log to its standard output, until SIGTERM or SIGINT. */
export async function runBridge(): Promise<void> {
  // A log nobody reads must not end the process.
  process.stdout.on('error', () => {})
  const sink = writeToStdout()
  const log = createLog(sink, 'error')
  const exit = surviveStrayErrors(log)
  const stopped = onFirstSignal(exit)
  try {
    const bridge = await Promise.race([startBridge({ env: process.env, log: sink }), stopped])
    await stopped
    await bridge?.close({ idleGrace: IDLE_GRACE })
    exit(0)
  } catch (error) {
    sink.flush()
    const known = error instanceof BootError ? formatBootError(error) : `santokit-bridge cannot start: ${String((error as Error).stack)}\n`
    process.stderr.write(known, () => exit(1))
  }
}

/** Resolves on SIGTERM or SIGINT. The second of them ends the process. */
async function onFirstSignal(exit: (code: number) => never): Promise<undefined> {
  return new Promise((resolve) => {
    let signals = 0
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        signals += 1
        if (signals > 1) exit(1)
        resolve(undefined)
      })
    }
  })
}

/** True when Node was started with this file, be it through a link as package managers make them for `bin`. */
function isMain(): boolean {
  const [, script] = process.argv
  if (script === undefined) return false
  try {
    return pathToFileURL(realpathSync(script)).href === import.meta.url
  } catch {
    return false
  }
}

// Later, because in the built file the modules that are imported on demand stand below this line.
if (isMain()) setImmediate(() => void runBridge())
