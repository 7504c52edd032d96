import { readdir, realpath, stat } from 'node:fs/promises'
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
  const refuse = (path: string, why: string, fix: string): void => {
    const file = displayPath(repositoryRoot, join(root, folder, path))
    problems.push(new StkError('STK2009', { why: `${file} ${why}`, fix, where: { file } }))
  }

  const kindOf = async (path: string, above: readonly string[]): Promise<{ readonly real: string; readonly isFolder: boolean } | undefined> => {
    const file = join(root, folder, path)
    const real = await realpath(file).catch(() => undefined)
    if (real === undefined) return refuse(path, 'is a link that leads nowhere.', 'Remove it.') as undefined
    if (real !== realRoot && !real.startsWith(realRoot + sep)) {
      return refuse(path, 'is a link out of the project.', 'Copy what it leads to: a project is built from its own folder only.') as undefined
    }
    if (above.includes(real)) return refuse(path, 'is a link to a folder it lies in.', 'Remove it.') as undefined
    return { real, isFolder: (await stat(real)).isDirectory() }
  }

  const files: string[] = []
  const visit = async (path: string, above: readonly string[]): Promise<void> => {
    const entries = await readdir(join(root, folder, path), { withFileTypes: true })
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isFile()) {
        files.push(below)
        continue
      }
      if (!entry.isDirectory() && !entry.isSymbolicLink()) continue
      const kind = await kindOf(below, above)
      if (kind?.isFolder === true) await visit(below, [...above, kind.real])
      else if (kind !== undefined) files.push(below)
    }
  }
  const top = await stat(join(root, folder)).catch(() => undefined)
  if (top === undefined) return []
  const kind = await kindOf('', [])
  if (kind?.isFolder === false) refuse('', 'is a file.', 'It must be the folder with the logic.')
  if (kind?.isFolder === true) await visit('', [kind.real])
  return files.sort()
}
