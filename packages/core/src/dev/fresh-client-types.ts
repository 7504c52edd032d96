import { readFile, writeFile } from 'node:fs/promises'
import type { Manifest } from '@santokit/bridge/manifest'
import { join } from 'pathe'
import { callables, CLIENT_TYPES_FILE, clientTypes } from '../client-types/index.ts'
import { bundleProject } from '../lifecycle/bundle-project.ts'
import type { Session } from './session.ts'

/**
 * Writes the client's types anew, as `stk sync` would, where a repository has them. They speak of all its projects, so those that
 * are not served are described, too. Nothing is written while a project does not build, or when nothing changed.
 */
export async function freshenClientTypes(session: Session): Promise<void> {
  const { lifecycle, served, report } = session
  const file = join(lifecycle.config.root, CLIENT_TYPES_FILE)
  const current = await readFile(file, 'utf8').catch(() => undefined)
  if (current === undefined) return
  const described: { readonly name: string; readonly logic: ReturnType<typeof callables> }[] = []
  for (const project of lifecycle.config.projects) {
    const one = served.get(project.name)
    if (one !== undefined && one.reloads[0]?.outcome === 'failed') return
    const manifest: Pick<Manifest, 'logic'> | undefined = one?.project.bundle()?.manifest
      // One that is not served is not watched either: its last good description is the best there is.
      ?? await bundleProject(project, { ...lifecycle, report: () => {} }).then((bundle) => bundle.manifest, () => undefined)
    if (manifest === undefined) return
    described.push({ name: project.name, logic: callables(manifest) })
  }
  const text = clientTypes(described)
  if (text === current) return
  try {
    await writeFile(file, text)
    report({ type: 'note', level: 'info', message: `${CLIENT_TYPES_FILE} is up to date again` })
  } catch (error) {
    report({ type: 'note', level: 'warn', message: `${CLIENT_TYPES_FILE} cannot be written: ${(error as Error).message}` })
  }
}
