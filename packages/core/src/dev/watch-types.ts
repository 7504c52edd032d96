import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { dirname, join } from 'pathe'
import { childEnvironment } from '../secrets/child-environment.ts'

/** What the compiler finds wrong, at a place. */
export interface TypeProblem {
  /** Absolute. */
  readonly file: string
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** `TS2322` */
  readonly rule: string
  /** In the compiler's words; some have several lines. */
  readonly message: string
}

export interface TypeWatchOptions {
  /** The repository's root, where `tsconfig.json` and the installed TypeScript are. */
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called after each compilation with everything that is wrong then. */
  found(problems: readonly TypeProblem[]): void
  /** Called if the compiler ends although nobody closed it. */
  ended(why: string): void
}

/** Ends the compiler with the process that started it, however that ends. */
const WITH_ITS_PARENT = 'data:text/javascript,process.stdin.on("end",()=>process.exit()).resume()'

/**
 * Has the repository's own TypeScript check types at every save, in a process of its own that makes way for everything else.
 *
 * @returns `undefined` where there is no `tsconfig.json`, or no TypeScript is installed.
 */
export function watchTypes({ root, env, found, ended }: TypeWatchOptions): { close(): Promise<void> } | undefined {
  const compiler = findCompiler(root)
  if (compiler === undefined || !existsSync(join(root, 'tsconfig.json'))) return undefined
  // In a group of its own: a Ctrl-C at the terminal is for whoever started it.
  const child = spawn(process.execPath, [
    '--import', WITH_ITS_PARENT, compiler, '--project', 'tsconfig.json', '--noEmit', '--watch', '--preserveWatchOutput', '--pretty', 'false', '--locale', 'en',
  ], { cwd: root, env: childEnvironment(env), stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  if (child.pid !== undefined) makeWay(child.pid)
  let closing = false
  const gone = new Promise<void>((resolve) => {
    child.on('error', () => resolve())
    child.on('exit', (code, signal) => {
      if (!closing) ended(signal ?? `exit ${code}`)
      resolve()
    })
  })
  readRounds(createInterface({ input: child.stdout }), root, (problems) => { if (!closing) found(problems) })
  return {
    async close() {
      closing = true
      // It writes nothing, so there is nothing to lose; and while it compiles it would not hear of anything else.
      child.kill('SIGKILL')
      await gone
    },
  }
}

function findCompiler(root: string): string | undefined {
  try {
    const file = createRequire(join(root, 'package.json')).resolve('typescript/package.json')
    const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { readonly bin?: { readonly tsc?: string } }
    return bin?.tsc === undefined ? undefined : join(dirname(file), bin.tsc)
  } catch {
    return undefined
  }
}

function makeWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // Where that is not allowed, it runs as everything does.
  }
}

const PROBLEM = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/
const ROUND_IS_OVER = /Found \d+ errors?\. Watching for file changes\.$/

/** @param lines what `tsc --watch` prints, which is made for people and has been the same since TypeScript 2.7. */
export function readRounds(lines: AsyncIterable<string>, root: string, found: (problems: readonly TypeProblem[]) => void): Promise<void> {
  let problems: TypeProblem[] = []
  const take = (line: string): void => {
    const [, file, row, column, rule, message] = PROBLEM.exec(line) ?? []
    const last = problems.at(-1)
    if (file !== undefined && rule !== undefined && message !== undefined) {
      problems.push({ file: join(root, file), line: Number(row), column: Number(column), rule, message })
    } else if (/^\s+\S/.test(line) && last !== undefined) {
      problems[problems.length - 1] = { ...last, message: `${last.message}\n${line}` }
    } else if (ROUND_IS_OVER.test(line)) {
      found(problems)
      problems = []
    }
  }
  return (async () => { for await (const line of lines) take(line) })()
}
