import { readdir, readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const packages = (await readdir(join(ROOT, 'packages'))).toSorted()

interface PackageJson {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

async function manifestOf(name: string): Promise<PackageJson> {
  return JSON.parse(await readFile(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as PackageJson
}

test('docs/dependencies.md says of every runtime dependency what it is for', async () => {
  const page = await readFile(join(ROOT, 'docs/dependencies.md'), 'utf8')
  const undocumented: string[] = []
  for (const name of packages) {
    const manifest = await manifestOf(name)
    const section = page.split(/^## /m).find((part) => part.startsWith(`${manifest.name}\n`)) ?? ''
    undocumented.push(...Object.keys(manifest.dependencies ?? {}).filter((dependency) => !section.includes(`| ${dependency} |`)).map((dependency) => `${manifest.name}: ${dependency}`))
  }
  expect(undocumented).toEqual([])
})

test('a package declares what its sources import', async () => {
  const undeclared = new Set<string>()
  for (const name of packages) {
    const manifest = await manifestOf(name)
    // The Bridge is built into one file, so what it is built from need not be installed with it; nor what is built for images.
    const builtIn = ['bridge', 'plugin-image'].includes(name) ? manifest.devDependencies : {}
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...builtIn }
    const folder = join(ROOT, 'packages', name, 'src')
    for (const file of (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.ts') && !/\.test\.ts$|fixture/.test(path))) {
      for (const imported of importsOf(await readFile(join(folder, file), 'utf8'))) {
        if (imported !== manifest.name && !(imported in declared)) undeclared.add(`${manifest.name}: ${imported}`)
      }
    }
  }
  expect([...undeclared].toSorted()).toEqual([])
})

/** The packages a module imports, whether at once or later. Statements only: the text of a template begins no line with `import`. */
function importsOf(code: string): readonly string[] {
  const withoutTemplates = code.replace(/`(?:[^`\\]|\\.)*`/g, '')
  const found = withoutTemplates.matchAll(/(?:^(?:import|export)\b[^'";]*?from |^import |\bimport\()'([^'.][^']*)'/gm)
  return [...found]
    .map(([, source = '']) => source)
    // What a platform brings with it.
    .filter((source) => !/^(?:node|cloudflare):/.test(source) && !builtinModules.includes(source))
    .map((source) => source.split('/').slice(0, source.startsWith('@') ? 2 : 1).join('/'))
}
