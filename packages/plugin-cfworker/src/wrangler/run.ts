import { spawn, type ChildProcess } from 'node:child_process'
import { childEnvironment, StkError } from '@santokit/core'

export interface WranglerRun {
  readonly script: string
  /** Never with a value in it: everybody on the computer can read a command line. */
  readonly args: readonly string[]
  readonly cwd: string
  /** What the child is given beside what programs need to run. */
  readonly env: Readonly<Record<string, string>>
  /** Written to a pipe that the child finds as `/dev/stdin`. */
  readonly input: string
  readonly signal: AbortSignal
}

/** Proxies are named in the environment, in both spellings. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']

/**
 * Node gives children sockets, which `/dev/stdin` cannot be opened as; a shell gives them pipes.
 * What stands after the script are its `$0` and arguments: nothing is spliced into it.
 */
const THROUGH_A_PIPE = 'cat | "$0" "$@"'

/** How long wrangler may take to stop when it is told to, in milliseconds. */
const GRACE = 5000

/**
 * Runs wrangler and waits for its end. What it prints is not read: it may repeat what it was given.
 *
 * @returns its exit code.
 * @throws StkError STK4201 if it cannot be started; the signal's reason when aborted, once it has ended.
 */
export async function runWrangler(run: WranglerRun): Promise<number> {
  run.signal.throwIfAborted()
  const child = spawn('/bin/sh', ['-c', THROUGH_A_PIPE, process.execPath, run.script, ...run.args], {
    cwd: run.cwd,
    env: { ...childEnvironment(process.env, PROXIES), ...run.env },
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: Ctrl-C reaches stk alone, which then stops all of it.
    detached: true,
    windowsHide: true,
  })
  let kill: NodeJS.Timeout | undefined
  const abort = (): void => {
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(signalGroup, GRACE, child, 'SIGKILL')
  }
  run.signal.addEventListener('abort', abort, { once: true })
  const onExit = (): void => { signalGroup(child, 'SIGTERM') }
  process.once('exit', onExit)
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => { resolve(code ?? -1) })
    })
    // A child that ends early does not read to the end; its exit code says why.
    child.stdin.on('error', () => {})
    child.stdin.end(run.input)
    const code = await ended
    run.signal.throwIfAborted()
    return code
  } catch (error) {
    run.signal.throwIfAborted()
    throw new StkError('STK4201', {
      why: `wrangler cannot be started: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`,
      fix: process.platform === 'win32' ? 'Deploy from WSL, or from CI.' : 'Check that /bin/sh and cat can be run.',
    })
  } finally {
    clearTimeout(kill)
    run.signal.removeEventListener('abort', abort)
    process.removeListener('exit', onExit)
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
}
