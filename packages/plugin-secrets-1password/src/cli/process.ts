import { spawn } from 'node:child_process'

/** What became of one run of `op`. */
export interface OpRun {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs `op` with arguments that hold no secret. */
export type RunOp = (args: readonly string[]) => Promise<OpRun>

/** Far more than a few thousand secrets take. */
const OUTPUT_BYTES = 64 * 1024 * 1024

/**
 * What `op` needs of the environment: where it finds its settings, who is signed in, and the desktop app. Not `OP_DEBUG`,
 * which writes to stderr, nor `OP_FORMAT`, which changes what it prints.
 */
const ALLOWED = new Set([
  'PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'TMP', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR', 'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS',
  'SYSTEMROOT', 'APPDATA', 'LOCALAPPDATA', 'USERPROFILE', 'PROGRAMDATA', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
  'OP_SERVICE_ACCOUNT_TOKEN', 'OP_ACCOUNT', 'OP_CONFIG_DIR', 'OP_BIOMETRIC_UNLOCK_ENABLED', 'OP_CACHE', 'OP_INTEGRATION_NAME',
])

/**
 * The environment of `op`. A Connect server has a way of its own here, so `op` must not be led to it. A session that was
 * signed in by hand is left out beside a service account, so that a stale one is not in its way.
 */
export function opEnvironment(env: Readonly<Record<string, string | undefined>>, { interactive }: { readonly interactive: boolean }): Record<string, string> {
  const hasToken = (env['OP_SERVICE_ACCOUNT_TOKEN'] ?? '') !== ''
  const kept = Object.entries(env).filter(([name, value]) =>
    value !== undefined && (ALLOWED.has(name.toUpperCase()) || (/^OP_SESSION_\w+$/.test(name) && !hasToken)))
  return {
    ...Object.fromEntries(kept) as Record<string, string>,
    NO_COLOR: '1',
    // Without a person there is nobody to touch a sensor: fail at once instead of waiting a minute.
    ...(interactive || hasToken ? {} : { OP_BIOMETRIC_UNLOCK_ENABLED: 'false' }),
  }
}

/**
 * Makes a {@link RunOp}. It never rejects for what `op` says; it does if `op` cannot be started, and with the signal's reason
 * once that is aborted and the process is gone.
 */
export function opRunner(program: string, env: Record<string, string>, signal: AbortSignal): RunOp {
  return async (args) => {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
      const out: Buffer[] = []
      const err: Buffer[] = []
      let bytes = 0
      const keep = (chunks: Buffer[]) => (chunk: Buffer): void => {
        bytes += chunk.length
        if (bytes > OUTPUT_BYTES) child.kill('SIGKILL')
        else chunks.push(chunk)
      }
      const end = (): void => void child.kill('SIGKILL')
      signal.addEventListener('abort', end, { once: true })
      child.stdout.on('data', keep(out))
      child.stderr.on('data', keep(err))
      child.on('error', (error) => {
        signal.removeEventListener('abort', end)
        reject(error)
      })
      child.on('close', (code) => {
        signal.removeEventListener('abort', end)
        if (signal.aborted) reject(signal.reason as Error)
        else resolve({ ok: code === 0 && bytes <= OUTPUT_BYTES, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') })
      })
    })
  }
}
