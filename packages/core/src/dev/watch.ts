import { existsSync, statSync } from 'node:fs'
import { watch, type FSWatcher } from 'chokidar'
import { dirname, relative } from 'pathe'

/** Milliseconds of silence after which a burst of saves counts as one. */
const SETTLE = 20

/** Milliseconds in which chokidar tells of one change of a file only: a formatter that writes again right after a save is not heard. */
const DEAF = 50

/** Files being watched. */
export interface FileWatch {
  /** Watches further files and folders. Those that are watched already stay as they are. */
  add(paths: readonly string[]): void
  close(): Promise<void>
}

export interface WatchOptions {
  /** Files and folders. Absolute. What is not there is left out. */
  readonly paths: readonly string[]
  /** A file that may come and go, such as `.env`. Absolute. */
  readonly optional: string
  /** The repository root. What is installed or generated below it is left out. */
  readonly root: string
  /**
   * Called with the files that changed, once a burst of saves is over; never while the last call still runs.
   *
   * @param began when the first of them was seen, on the clock of `performance.now()`.
   */
  changed(files: readonly string[], began: number): Promise<void>
}

/** Watches until it is closed. Resolves once nothing is missed any more. */
export async function watchFiles({ paths, optional, root, changed }: WatchOptions): Promise<FileWatch> {
  const watcher = watch(paths.filter((path) => existsSync(path)), {
    ignoreInitial: true,
    // Only below the root: the repository itself may lie in a folder of such a name.
    ignored: (path) => /(^|\/)(node_modules|\.git|\.santokit|dist)(\/|$)/.test(relative(root, path)),
  })
  // Apart: a watcher that is given a path which is not there says that it is ready before it is.
  const folder = dirname(optional)
  const coming = watch(folder, { ignoreInitial: true, depth: 0, ignored: (path) => ![folder, optional].includes(path.replaceAll('\\', '/')) })
  const pending = new Set<string>()
  let began = 0
  let timer: NodeJS.Timeout | undefined
  let running = false
  let closed = false
  const schedule = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void run(), SETTLE)
  }
  /** What was handed over, as it was then, until it is certain that no later change went unheard. */
  const handed = new Map<string, string>()
  let checking: NodeJS.Timeout | undefined
  const run = async (): Promise<void> => {
    if (running || pending.size === 0) return
    running = true
    clearTimeout(checking)
    const files = [...pending].sort()
    pending.clear()
    for (const file of files) handed.set(file, stampOf(file))
    await changed(files, began)
    running = false
    if (closed) return
    if (pending.size > 0) schedule()
    else checking = setTimeout(findUnheard, DEAF)
  }
  const findUnheard = (): void => {
    for (const [file, stamp] of handed) if (stampOf(file) !== stamp) note(file)
    handed.clear()
  }
  const note = (file: string): void => {
    if (closed) return
    if (pending.size === 0) began = performance.now()
    pending.add(file)
    schedule()
  }
  const ready = [watcher, coming].map((one: FSWatcher) => {
    one.on('all', (_event, path) => note(path.replaceAll('\\', '/')))
    return new Promise<void>((resolve) => one.once('ready', () => resolve()))
  })
  await Promise.all(ready)
  return {
    add: (more) => void watcher.add(more.filter((path) => existsSync(path))),
    async close() {
      closed = true
      clearTimeout(timer)
      clearTimeout(checking)
      await Promise.all([watcher.close(), coming.close()])
    },
  }
}

/** Tells whether a file was written between two looks at it. */
function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0, ino: 0 }
  return `${mtimeMs} ${size} ${ino}`
}
