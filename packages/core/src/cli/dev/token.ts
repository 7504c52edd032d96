import { dirname } from 'node:path'
import { findConfig } from '../../config/find.ts'
import { findServers } from '../../dev/running-servers.ts'
import type { TokenRequest } from '../../dev/explorer/handler.ts'
import { StkError, suggestion } from '../../diagnostics/index.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What `stk dev token` was asked for. */
export interface TokenCall {
  readonly options: {
    readonly config: string | undefined
    readonly project: readonly string[]
    readonly role: readonly string[]
    readonly sub: string | undefined
    readonly audience: string | undefined
    readonly claim: readonly string[]
    readonly expires: string | undefined
  }
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly cwd: string
}

/**
 * Prints a token that the running `stk dev` signs, and nothing else, so that it can stand in `$(…)`.
 *
 * @throws StkError STK5004 when none runs here, STK5005 when it refuses.
 */
export async function runDevToken({ options, terminal, signal, cwd }: TokenCall): Promise<void> {
  const asked = readRequest(options)
  const root = dirname(findConfig(cwd, options.config))
  const served = (await findServers(root)).flatMap(({ projects }) => projects)
  if (served.length === 0) throw notRunning(`No \`stk dev\` runs in ${root}.`)
  const { name, url } = choose(served, options.project)
  const token = await mint(url, asked, signal)
  terminal.event({ type: 'token', project: name, url, token })
  terminal.print(`${token}\n`)
}

function readRequest({ role, sub, audience, claim, expires }: TokenCall['options']): TokenRequest {
  const roles = role.flatMap((given) => given.split(',')).map((given) => given.trim()).filter((given) => given !== '')
  if (expires !== undefined && !/^-?\d{1,9}(s|m|h|d|w)$/.test(expires)) {
    throw new StkError('STK1020', { why: `--expires is "${expires}".`, fix: 'Give a span such as 10m, 12h or 7d; -1s for a token that has expired.' })
  }
  return {
    roles: [...new Set(roles)], claims: Object.fromEntries(claim.map(readClaim)),
    ...(sub === undefined ? {} : { sub }), ...(audience === undefined ? {} : { audience }), ...(expires === undefined ? {} : { expiresIn: expires }),
  }
}

/** `org=acme`, `org={"id":7}`: JSON where it is JSON, else text. */
function readClaim(given: string): readonly [name: string, value: never] {
  const at = given.indexOf('=')
  if (at < 1) throw new StkError('STK1020', { why: `--claim is "${given}".`, fix: 'Give a name and a value: --claim org=acme, or --claim \'org={"id":7}\'.' })
  const text = given.slice(at + 1)
  try {
    return [given.slice(0, at), JSON.parse(text) as never]
  } catch {
    return [given.slice(0, at), text as never]
  }
}

type ServedProject = { readonly name: string; readonly url: string }

function choose(served: readonly ServedProject[], named: readonly string[]): ServedProject {
  const names = served.map(({ name }) => name)
  if (named.length > 1) throw new StkError('STK1020', { why: 'A token is for one project.', fix: 'Name one with --project.' })
  const [wanted = names.length === 1 ? names[0] : undefined] = named
  if (wanted === undefined) {
    throw new StkError('STK1020', { why: `Several projects are served: ${names.join(', ')}. A token is for one.`, fix: names.map((name) => `stk dev token --project ${name}`) })
  }
  const found = served.find(({ name }) => name === wanted)
  if (found === undefined) throw notRunning(`The running \`stk dev\` does not serve "${wanted}". ${suggestion(wanted, names)}`)
  return found
}

async function mint(url: string, asked: TokenRequest, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${url}/_stk/api/token`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked), signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw notRunning(`The \`stk dev\` that served ${url} does not answer.`, cause)
  })
  const said = (await answer.json().catch(() => ({}))) as { readonly token?: unknown; readonly error?: unknown }
  if (answer.ok && typeof said.token === 'string') return said.token
  if (typeof said.error === 'string') throw new StkError('STK5005', { why: said.error })
  throw notRunning(`What answers at ${url} is no \`stk dev\`.`)
}

function notRunning(why: string, cause?: unknown): StkError {
  return new StkError('STK5004', { why, fix: 'Start it in another terminal: stk dev', ...(cause === undefined ? {} : { cause }) })
}
