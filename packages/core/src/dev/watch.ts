import { watch } from 'chokidar'

/** Milliseconds of silence after which a burst of saves counts as one. */
const SETTLE = 25

/** Files being watched. */
export interface FileWatch {
  /** Watches further files and folders. Those that are watched already stay as they are. */
  add(paths: readonly string[]): void
  close(): Promise<void>
}

/**
 * Calls `changed` with the files that changed, once a burst of saves is over; never while the last call still runs.
 *
 * @param paths files and folders. Absolute.
 */
export async function watchFiles(paths: readonly string[], changed: (files: readonly string[]) => Promise<void>): Promise<FileWatch> {
  const watcher = watch([...paths], {
    ignoreInitial: true,
    ignored: (path) => /(^|[/\\])(node_modules|\.git|\.santokit|dist)([/\\]|$)/.test(path),
  })
  const pending = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let running = false
  const schedule = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void run(), SETTLE)
  }
  const run = async (): Promise<void> => {
    if (running || pending.size === 0) return
    running = true
    const files = [...pending].sort()
    pending.clear()
    await changed(files)
    running = false
    if (pending.size > 0) schedule()
  }
  watcher.on('all', (_event, path) => {
    pending.add(path)
    schedule()
  })
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return {
    add: (more) => void watcher.add([...more]),
    async close() {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}
