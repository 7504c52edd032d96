import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StkError } from '../diagnostics/index.ts'

/** Signals that a supervisor or a shell sends to `stk` and means for the command. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * Runs a command in this terminal and waits for it: its input and output are ours, signals are passed on, no shell is
 * involved.
 *
 * @returns its exit code; 128 and the number of the signal that ended it, as shells have it.
 * @throws StkError STK3012 if it cannot be started.
 */
export async function runCommand([command = '', ...args]: readonly string[], options: { readonly cwd: string; readonly env: Record<string, string> }): Promise<number> {
  const child = spawn(command, args, { ...options, stdio: 'inherit', shell: false, windowsHide: true })
  const forward = (signal: NodeJS.Signals): void => { child.kill(signal) }
  // A terminal's Ctrl-C goes to every process in it: passed on, it would arrive twice, and count as impatience.
  const interrupt = (): void => { if (process.stdin.isTTY !== true) child.kill('SIGINT') }
  for (const signal of FORWARDED) process.on(signal, forward)
  process.on('SIGINT', interrupt)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(command, error.code)))
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    })
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward)
    process.off('SIGINT', interrupt)
  }
}

/** Only the error's code: Node's messages quote what they object to. */
function cannotStart(command: string, code: string | undefined): StkError {
  const why = code === 'ENOENT' ? `There is no program "${command}".`
    : code === 'EACCES' ? `"${command}" may not be run.`
      : `"${command}" cannot be started${code === undefined ? '' : ` (${code})`}.`
  return new StkError('STK3012', { why, fix: command.includes(' ') ? 'Give the command and its arguments as words of their own: stk run -- node server.js' : 'Correct its name, or give its path.' })
}
