import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { StkError } from '../diagnostics/index.ts'

/** The file as messages name it: relative to the repository root, or absolute where it lies outside. */
export function displayPath(repositoryRoot: string, file: string): string {
  const path = relative(repositoryRoot, file)
  return (path === '' || path === '..' || path.startsWith(`..${sep}`) ? file : path).split(sep).join('/')
}

/**
 * Lists the files below `<root>/<folder>`, sorted, as paths below that folder with `/`. Names that begin with a dot are
 * passed over. Links are followed within `root`; one that leads out of it, nowhere or back up is added to `problems`.
 */
export async function filesBelow(
  root: string,
  folder: string,
  { repositoryRoot, problems }: { readonly repositoryRoot: string; readonly problems: StkError[] },
): Promise<readonly string[]> {
  const realRoot = await realpath(root)
  const refuse = (path: string, why: string, fix: string): undefined => {
    const file = displayPath(repositoryRoot, join(root, folder, path))
    problems.push(new StkError('STK2009', { why: `${file} ${why}`, fix, where: { file } }))
  }

  const kindOf = async (path: string, above: readonly string[]): Promise<Kind | undefined> => {
    const real = await realpath(join(root, folder, path)).catch(() => undefined)
    if (real === undefined) return refuse(path, 'is a link that leads nowhere.', 'Remove it.')
    if (real !== realRoot && !real.startsWith(realRoot + sep)) {
      return refuse(path, 'is a link out of the project.', 'Copy what it leads to: a project is built from its own folder only.')
    }
    if (above.includes(real)) return refuse(path, 'is a link to a folder it lies in.', 'Remove it.')
    const status = await stat(real)
    return { real, isFolder: status.isDirectory(), isFile: status.isFile() }
  }

  const files: string[] = []
  const visit = async (path: string, above: readonly string[]): Promise<void> => {
    for (const entry of await readdir(join(root, folder, path), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      const kind = entry.isFile() ? { isFolder: false, isFile: true, real: '' } : await kindOf(below, above)
      if (kind?.isFolder === true) await visit(below, [...above, kind.real])
      if (kind?.isFile === true) files.push(below)
    }
  }
  const exists = await lstat(join(root, folder)).then(() => true, () => false)
  const top = exists ? await kindOf('', []) : undefined
  if (top?.isFile === true) refuse('', 'is a file.', 'It must be the folder with the logic.')
  if (top?.isFolder === true) await visit('', [top.real])
  return files.sort()
}

/** What a folder's entry turns out to be, links followed. */
interface Kind {
  /** Its path without links. */
  readonly real: string
  readonly isFolder: boolean
  /** Neither for a socket, a device and the like. */
  readonly isFile: boolean
}
