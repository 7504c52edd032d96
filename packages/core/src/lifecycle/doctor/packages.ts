import { readdir, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'pathe'
import { VERSION } from '../../version.ts'
import type { Finding } from './finding.ts'

interface Installed {
  readonly name: string
  readonly version: string
  /** Where it really is. */
  readonly folder: string
}

/** Looks at what is installed: one version of everything of ours, and one copy of core for all plugins. */
export async function examinePackages(root: string): Promise<readonly Finding[]> {
  const running = await realpath(dirname(createRequire(import.meta.url).resolve('@santokit/core/package.json')))
  const installed = await findInstalled(root)
  const findings = await Promise.all(installed.map(async (each): Promise<Finding> => {
    const place = { part: 'packages', subject: each.name } as const
    if (each.name.startsWith('@santokit/') && each.version !== VERSION) {
      return { ...place, state: 'wrong', says: `${each.version}, and this is stk ${VERSION}`, fix: `npm install ${each.name}@${VERSION}` }
    }
    const core = each.name === '@santokit/core' ? each.folder : await coreOf(each.folder)
    if (core !== undefined && core !== running) {
      const where = relative(root, core)
      return each.name === '@santokit/core'
        ? { ...place, state: 'wrong', says: `the config loads ${where}, and another copy is running`, fix: 'Run the one that is installed here: npx stk' }
        : { ...place, state: 'wrong', says: `brings a copy of @santokit/core of its own: ${where}`, fix: 'npm dedupe; a plugin has @santokit/core as a peer dependency.' }
    }
    return { ...place, state: 'fine', says: each.version }
  }))
  if (findings.length > 0) return findings
  return [{ part: 'packages', subject: '@santokit/core', state: 'worth a look', says: 'is not installed beside the config, so its types are not found', fix: 'npm install --save-dev @santokit/core' }]
}

/** Packages of ours and community plugins that a config in `root` can load, by name. */
async function findInstalled(root: string): Promise<readonly Installed[]> {
  const found = new Map<string, Installed>()
  for (let folder = root; ; folder = dirname(folder)) {
    for (const name of await namesIn(join(folder, 'node_modules'))) {
      if (found.has(name)) continue
      const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined)
      if (text === undefined) continue
      const { version } = JSON.parse(text) as { readonly version?: unknown }
      found.set(name, { name, version: typeof version === 'string' ? version : 'no version', folder: await realpath(join(folder, 'node_modules', name)) })
    }
    if (dirname(folder) === folder) return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const list = (path: string): Promise<readonly string[]> => readdir(path).catch(() => [])
  const top = await list(folder)
  const scoped = await Promise.all(top.filter((name) => name.startsWith('@')).map(async (scope) => (await list(join(folder, scope))).map((name) => `${scope}/${name}`)))
  return [...top, ...scoped.flat()].filter((name) => name.startsWith('@santokit/') || /^(@[^/]+\/)?santokit-plugin-/.test(name))
}

/** The copy of core that a package would load, if it would load one. */
async function coreOf(folder: string): Promise<string | undefined> {
  try {
    return await realpath(dirname(createRequire(join(folder, 'package.json')).resolve('@santokit/core/package.json')))
  } catch {
    return undefined
  }
}
