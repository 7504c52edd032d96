import { spawn, type ChildProcess } from 'node:child_process'
import { StkError } from '@santokit/core'

export interface AtlasRun {
  /** The program's path. */
  readonly program: string
  /** Never with a URL in it: everybody on the machine can read a command line. */
  readonly args: readonly string[]
  /** What the child is given beside the allow-listed part of {@link env}. */
  readonly secrets: Readonly<Record<string, string>>
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signal: AbortSignal
  /** In milliseconds. */
  readonly timeout: number
}

export interface AtlasOutput {
  readonly code: number
  readonly stdout: string
  /** May quote what Atlas was given: never to be shown. See `explainFailure`. */
  readonly stderr: string
}

/** No schema's plan is that long. In bytes. */
const MAX_OUTPUT = 64 * 1024 * 1024

/** What a child needs to run, to find certificates, and to reach the database that a URL leaves to the environment. */
const ALLOWED = [
  'PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'SYSTEMROOT', 'LANG', 'LC_ALL', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
  'PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGSSLCERT', 'PGSSLKEY', 'PGSSLROOTCERT',
]

/**
 * Runs Atlas and waits for its end. A child that hangs is killed, with whatever it started.
 *
 * @throws StkError STK6002 when it cannot be started, takes too long or prints without end; the signal's reason when aborted.
 */
export async function runAtlas(run: AtlasRun): Promise<AtlasOutput> {
  run.signal.throwIfAborted()
  const child = spawn(run.program, [...run.args], { cwd: run.cwd, env: childEnvironment(run), stdio: ['ignore', 'pipe', 'pipe'], detached: true, windowsHide: true })
  let stopped: 'aborted' | 'timeout' | 'output' | undefined
  const stop = (why: NonNullable<typeof stopped>): void => {
    stopped ??= why
    killGroup(child)
  }
  const abort = (): void => { stop('aborted') }
  run.signal.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(stop, run.timeout, 'timeout')
  const onExit = (): void => { killGroup(child) }
  process.once('exit', onExit)
  try {
    const [stdout, stderr, code] = await Promise.all([
      collect(child, 'stdout', () => { stop('output') }), collect(child, 'stderr', () => { stop('output') }), ended(child),
    ])
    if (stopped === undefined) return { code: code ?? -1, stdout, stderr }
  } catch (cause) {
    throw new StkError('STK6002', { why: `${run.program} did not start: ${codeOf(cause)}.`, fix: `Check that it runs: ${run.program} version` })
  } finally {
    clearTimeout(timer)
    run.signal.removeEventListener('abort', abort)
    process.removeListener('exit', onExit)
  }
  if (stopped === 'aborted') throw run.signal.reason
  throw new StkError('STK6002', stopped === 'timeout'
    ? { why: `Atlas did not finish within ${run.timeout / 1000} s and was stopped. Nothing was changed.`, fix: 'If the database is that slow: atlas({ timeout: 600 })' }
    : { why: `Atlas printed more than ${MAX_OUTPUT >> 20} MB and was stopped. Nothing was changed.` })
}

function childEnvironment({ env, secrets }: AtlasRun): NodeJS.ProcessEnv {
  const allowed = ALLOWED.map((name) => [name, env[name]] as const).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(allowed), ATLAS_NO_UPDATE_NOTIFIER: '1', ATLAS_NO_UPGRADE_SUGGESTIONS: '1', DO_NOT_TRACK: '1', ...secrets }
}

/** The child leads a group of its own, so that nothing it started outlives it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

async function collect(child: ChildProcess, stream: 'stdout' | 'stderr', overflow: () => void): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of child[stream] ?? []) {
    size += (chunk as Buffer).length
    if (size <= MAX_OUTPUT) chunks.push(chunk as Buffer)
    else overflow()
  }
  return Buffer.concat(chunks).toString('utf8')
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown'
}
