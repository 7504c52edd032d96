import { spawn } from 'node:child_process'
import { StkError } from '@santokit/core'
import * as z from 'zod/mini'
import { signIn } from './config-file.ts'
import type { Credential } from './credential.ts'

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Milliseconds that a helper may take. */
  readonly timeout?: number
}

/** A helper that unlocks a key chain or asks a cloud takes a second or two; one that asks a person who is not there takes for ever. */
const TIMEOUT = 10_000
/** Bytes of an answer: docker's own is some hundred. */
const LONGEST_ANSWER = 65_536
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What any helper needs to find its key chain, and nothing that a project declares. */
const ENVIRONMENT = [
  'PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'TMP', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY', 'WAYLAND_DISPLAY', 'GNUPGHOME', 'GPG_TTY', 'PASSWORD_STORE_DIR', 'DOCKER_CONFIG', 'SystemRoot', 'SYSTEMROOT', 'USERPROFILE', 'APPDATA',
  'LOCALAPPDATA', 'PATHEXT', 'COMSPEC', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
]

/** What the helper of a cloud needs of that cloud's variables. */
const FAMILIES: readonly { readonly helper: RegExp; readonly variables: RegExp }[] = [
  { helper: /^ecr-login$/, variables: /^AWS_/ },
  { helper: /^(?:gcloud|gcr)$/, variables: /^(?:CLOUDSDK_|GOOGLE_)/ },
  { helper: /^acr/, variables: /^(?:AZURE_|ACR_)/ },
]

const answer = z.object({ Username: z.string(), Secret: z.string() })

/**
 * Asks `docker-credential-<name>` for a registry's credentials. The registry is told on standard input and the secret
 * comes on standard output: neither stands on a command line.
 *
 * @returns `undefined` if the helper has none for it.
 * @throws StkError STK4107 if it cannot be run, fails, answers nonsense or takes too long. Nothing of its output is shown.
 */
export async function askHelper(name: string, key: string, options: HelperOptions): Promise<Credential | undefined> {
  const { timeout = TIMEOUT, signal } = options
  const refuse = (why: string): StkError => new StkError('STK4107', {
    why: `The credential helper "${name}" ${why}.`,
    fix: [`Try it: echo ${key} | docker-credential-${name} get`, 'Or take it out of credHelpers and credsStore in config.json, and sign in again.'],
  })
  if (!NAME.test(name)) throw new StkError('STK4107', { why: 'config.json names a credential helper that is no program\'s name.', fix: 'Correct credsStore and credHelpers in config.json.' })
  signal.throwIfAborted()
  const limit = AbortSignal.timeout(timeout)
  const { output, status } = await run(name, key, environmentOf(name, options.env), AbortSignal.any([signal, limit])).catch((error: unknown) => {
    signal.throwIfAborted()
    if (limit.aborted) throw refuse(`took longer than ${timeout / 1000} s`)
    throw refuse((error as { readonly code?: unknown }).code === 'ENOENT' ? 'is not installed' : 'cannot be run')
  })
  if (status !== 0) {
    // The one message that means "none": docker/docker-credential-helpers, credentials/error.go.
    if (/credentials not found/i.test(output)) return undefined
    throw refuse(`failed with exit code ${status ?? 'none'}`)
  }
  const parsed = answer.safeParse(parseJson(output))
  if (!parsed.success) throw refuse('gave an answer that is not a user name and a secret')
  const { Username: username, Secret: secret } = parsed.data
  // Amazon's and others' may answer with nothing.
  return username === '' && secret === '' ? undefined : signIn(username, secret)
}

function environmentOf(name: string, env: HelperOptions['env']): Record<string, string> {
  const family = FAMILIES.find(({ helper }) => helper.test(name))?.variables
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] =>
    pair[1] !== undefined && (ENVIRONMENT.includes(pair[0]) || family?.test(pair[0]) === true)))
}

function run(name: string, key: string, env: Record<string, string>, signal: AbortSignal): Promise<{ readonly output: string; readonly status: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, ['get'], { env, signal, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true })
    const chunks: Buffer[] = []
    let length = 0
    child.once('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= LONGEST_ANSWER) chunks.push(chunk)
    })
    // A helper that does not read its input closes the pipe early; its exit code says the rest.
    child.stdin.on('error', () => {})
    child.stdin.end(`${key}\n`)
    child.once('close', (status) => { resolve({ output: Buffer.concat(chunks).toString('utf8'), status }) })
  })
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

