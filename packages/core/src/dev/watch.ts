import { existsSync, statSync } from 'node:fs'
import { watch, type FSWatcher } from 'chokidar'
import { dirname, relative } from 'pathe'

/** Milliseconds of silence after which a burst of saves counts as one. */
const SETTLE = 20

/** Milliseconds in which chokidar tells of one change of a file only: a formatter that writes again right after a save is not heard. */
const DEAF = 50

/** Milliseconds by which the time of a file may be behind the clock. */
const TICK = 10

/** Files being watched. */
export interface FileWatch {
  /** Watches further files and folders. Those that are watched already stay as they are. */
  add(paths: readonly string[]): void
  /** Takes files that were not there when they were looked for. Each is a change once it is, and may be already. */
  lookOut(paths: readonly string[]): void
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
  const watched = new Set(paths.filter((path) => existsSync(path)))
  const watcher = watch([...watched], {
    ignoreInitial: true,
    // Only below the root: the repository itself may lie in a folder of such a name.
    ignored: (path) => /(^|\/)(node_modules|\.git|\.santokit|dist)(\/|$)/.test(relative(root, path)),
  })
  // Apart: a watcher that is given a path which is not there says that it is ready before it is.
  const folder = dirname(optional)
  const awaited = new Set([folder, optional])
  const missing = new Set<string>()
  // What comes between being looked for and being watched is told of as well.
  const coming = watch(folder, { ignoreInitial: false, depth: 0, ignored: (path) => !awaited.has(path.replaceAll('\\', '/')) })
  const pending = new Set<string>()
  let began = 0
  let timer: NodeJS.Timeout | undefined
  let running = false
  /** When what goes on began, on the clock of files. Before the first time nothing can have been missed. */
  let startedAt = Number.POSITIVE_INFINITY
  let isClosed = false
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
    startedAt = Date.now()
    for (const file of files) handed.set(file, stampOf(file))
    await changed(files, began)
    running = false
    // What is going on is not interrupted, and nothing follows it.
    if (isClosed) return
    if (pending.size > 0) schedule()
    else checking = setTimeout(findUnheard, DEAF)
  }
  const findUnheard = (): void => {
    for (const [file, stamp] of handed) if (stampOf(file) !== stamp) note(file)
    handed.clear()
  }
  const note = (file: string): void => {
    if (pending.size === 0) began = performance.now()
    pending.add(file)
    schedule()
  }
  /** A folder is not given to chokidar twice: it reads it anew then, and what has just come into it would count as known. */
  const add = (path: string): void => {
    if (watched.has(path) || !existsSync(path)) return
    watched.add(path)
    const found = statSync(path, { throwIfNoEntry: false })
    watcher.add(path)
    if (found?.isFile() !== true) return
    // What is saved after it was read and before it is watched is for the watcher what has always been there.
    if (found.mtimeMs >= startedAt - TICK) note(path)
    else handed.set(path, stampOf(path))
  }
  /** Takes what has come, and looks for the rest from the nearest folder that there is. */
  const look = (): void => {
    for (const path of missing) {
      if (existsSync(path)) {
        missing.delete(path)
        add(path)
        note(path)
        continue
      }
      let at = path
      for (; !existsSync(at); at = dirname(at)) awaited.add(at)
      awaited.add(at)
      coming.add(at)
    }
  }
  watcher.on('all', (event, path) => {
    const file = path.replaceAll('\\', '/')
    if (event === 'unlink' || event === 'unlinkDir') watched.delete(file)
    note(file)
  })
  await Promise.all([watcher, coming].map((one: FSWatcher) => new Promise<void>((resolve) => one.once('ready', () => resolve()))))
  coming.on('all', (_event, path) => {
    if (path.replaceAll('\\', '/') === optional) note(optional)
    look()
  })
  return {
    add: (more) => more.forEach(add),
    lookOut(more) {
      missing.clear()
      for (const path of more) missing.add(path)
      look()
    },
    async close() {
      isClosed = true
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
