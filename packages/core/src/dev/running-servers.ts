import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'pathe'

/** A `stk dev` that runs in a repository, as another terminal finds it. Nothing in it is secret. */
export interface RunningServer {
  readonly pid: number
  readonly projects: readonly { readonly name: string; readonly url: string }[]
}

const FOLDER = '.santokit/dev/running'

/** Says that this process serves these projects, in a file of its own. @returns what takes it back. */
export async function announceServer(root: string, server: RunningServer): Promise<() => Promise<void>> {
  const folder = join(root, FOLDER)
  const file = join(folder, `${server.pid}.json`)
  await mkdir(folder, { recursive: true })
  // Renamed into place, so that nobody reads half of it.
  await writeFile(`${file}.new`, `${JSON.stringify(server)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return () => rm(file, { force: true })
}

/** Every `stk dev` of a repository whose process lives. Files of those that were killed are cleared away. */
export async function findServers(root: string): Promise<readonly RunningServer[]> {
  const folder = join(root, FOLDER)
  const names = await readdir(folder).catch((): string[] => [])
  const found = await Promise.all(names.filter((name) => /^\d+\.json$/.test(name)).sort().map(async (name) => {
    const server = await read(join(folder, name))
    if (server !== undefined && isAlive(server.pid)) return server
    await rm(join(folder, name), { force: true }).catch(() => {})
    return undefined
  }))
  return found.filter((server) => server !== undefined)
}

async function read(file: string): Promise<RunningServer | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunningServer
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
