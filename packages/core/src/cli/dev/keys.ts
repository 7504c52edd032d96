import { spawn } from 'node:child_process'
import type { DevServer } from '../../dev/dev-server.ts'
import { childEnvironment } from '../../secrets/child-environment.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What a person may type while `stk dev` runs, each with Enter. */
const KEYS = [
  ['r', 'restart: read the config and .env again, serve every project afresh'],
  ['u', 'show the URLs'],
  ['o', 'open the explorer in a browser'],
  ['q', 'quit'],
  ['h', 'show this help'],
] as const

export interface KeysOptions {
  readonly server: DevServer
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly showUrls: () => Promise<void>
  /** Resolves {@link listenForKeys}'s promise when it is aborted. */
  readonly signal: AbortSignal
}

/** Listens for keys where there is a terminal. Resolves when the person quits or interrupts. */
export async function listenForKeys({ server, terminal, env, showUrls, signal }: KeysOptions): Promise<void> {
  let stop = (): void => {}
  const quit = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (!terminal.interactive) return
    const actions: Record<string, () => Promise<void> | void> = {
      r: () => server.restart(),
      u: showUrls,
      o: () => openExplorer(server, terminal, env),
      q: resolve,
      h: () => terminal.print(`\n${KEYS.map(([key, what]) => `  ${terminal.paint.bold(key)} + enter  ${what}`).join('\n')}\n\n`),
    }
    stop = terminal.onLine((line) => void actions[line.trim().toLowerCase()]?.())
  })
  await quit
  stop()
}

async function openExplorer(server: DevServer, terminal: Terminal, env: KeysOptions['env']): Promise<void> {
  const [first] = await server.projects()
  if (first === undefined) return
  const url = `${first.url}/_stk`
  const [command = '', ...args] = process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
  const isOpened = await new Promise<boolean>((resolve) => {
    const child = spawn(env.BROWSER ?? command, env.BROWSER === undefined ? [...args, url] : [url], {
      // What a browser needs to find the screen; secrets stay here.
      env: childEnvironment(env, ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS', 'BROWSER']), stdio: 'ignore', detached: true,
    })
    child.on('error', () => resolve(false))
    child.on('spawn', () => resolve(true))
    child.unref()
  })
  terminal.print(isOpened ? `  opened ${url}\n` : `  no browser opens from here; go to ${url}\n`)
}
