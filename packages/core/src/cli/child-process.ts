import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StkError } from '../diagnostics/index.ts'

/** What a command finds in its environment although nobody named it: what programs need to run, and nothing that opens a door. */
const PASSED_ON: readonly RegExp[] = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|TMP|TEMP|TZ|CI)$/,
  /^(TERM|COLORTERM|NO_COLOR|FORCE_COLOR|COLUMNS|LINES)$/,
  /^(LANG|LANGUAGE|LC_[A-Z]+)$/,
  /^XDG_[A-Z_]+$/,
  // Windows, where names have no case.
  /^(SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|USERNAME|APPDATA|LOCALAPPDATA|ProgramData|ProgramFiles(\(x86\))?|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITECTURE|OS)$/i,
]

/** The part of an environment that a command is given without asking, and the names it is to keep besides. */
export function allowedEnvironment(env: NodeJS.ProcessEnv, keep: readonly string[]): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => keep.includes(name) || PASSED_ON.some((pattern) => pattern.test(name)))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

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
