import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { main } from '../packages/core/src/cli/main.ts'

/** A person at a terminal: what they see, and what they type. */
export interface Person {
  /** Everything on the screen so far. */
  readonly screen: () => string
  /** Waits until the screen shows this, from where the last wait ended, then types. */
  answer(question: string | RegExp, keys: string): Promise<void>
  /** Ctrl-C where no prompt reads it. */
  interrupt(): void
  /** The exit code. */
  readonly ended: Promise<number>
}

export const KEYS = { yes: 'y', no: 'n', interrupt: '\u0003', enter: '\r', escape: '\u001B' } as const

/** Runs `stk` in this process, in front of streams that behave like a terminal. */
export function atTerminal(args: readonly string[], { cwd, env = {} }: { readonly cwd: string; readonly env?: Record<string, string> }): Person {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, isRaw: false, setRawMode(raw: boolean) { stdin.isRaw = raw; return stdin } })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 40 })
  let screen = ''
  output.on('data', (chunk: Buffer) => { screen += chunk.toString() })
  const processLike = Object.assign(new EventEmitter(), {
    stdin, stdout: output, stderr: output, env: { NO_COLOR: '1', TERM: 'xterm', ...env }, cwd: () => cwd, exit(code: number): never { throw new Error(`exit ${code}`) },
  })
  let seen = 0
  const ended = main(args, processLike as unknown as NodeJS.Process)
  return {
    screen: () => screen,
    async answer(question, keys) {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const at = typeof question === 'string' ? screen.indexOf(question, seen) : screen.slice(seen).search(question) + seen
          if (at < seen) return
          seen = screen.length
          output.off('data', look)
          resolve()
        }
        output.on('data', look)
        void ended.then(() => reject(new Error(`ended without asking ${String(question)}:\n${screen}`)))
        look()
      })
      // The prompt listens once it has been drawn.
      await new Promise((resolve) => setImmediate(resolve))
      stdin.write(keys)
    },
    interrupt: () => void processLike.emit('SIGINT'),
    ended,
  }
}
