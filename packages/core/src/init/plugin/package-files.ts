import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'pathe'
import { VERSION } from '../../version.ts'
import type { PluginKind, PluginNames } from './names.ts'

/** npm keeps files of these names out of packages, or takes them for its own. */
const STORED_AS: Readonly<Record<string, string>> = { gitignore: '.gitignore', github: '.github' }

/** Every file of a new plugin package, by path from its folder. */
export async function pluginFiles(names: PluginNames, kind: PluginKind): Promise<ReadonlyMap<string, string>> {
  const templates = join(dirname(createRequire(import.meta.url).resolve('@santokit/core/package.json')), 'templates/plugin')
  const files = new Map([
    ['package.json', `${JSON.stringify(packageJson(names, kind), undefined, 2)}\n`],
    ['README.md', readme(names, kind)],
  ])
  for (const folder of ['common', kind]) {
    for (const item of await readdir(join(templates, folder), { recursive: true, withFileTypes: true })) {
      if (!item.isFile()) continue
      const stored = join(item.parentPath, item.name)
      const path = stored.slice(join(templates, folder).length + 1).split('/').map((part) => STORED_AS[part] ?? part).join('/')
      files.set(path, named(await readFile(stored, 'utf8'), names))
    }
  }
  return files
}

/** Puts a plugin's names in the place of the template's, which is called "example" in every way a name is written. */
export function named(text: string, { plugin, camel, pascal, upper }: PluginNames): string {
  return text
    .replaceAll('santokit-plugin-example', `santokit-plugin-${plugin}`)
    .replaceAll(/\bEXAMPLE(?=_)/g, upper)
    .replaceAll(/\bExample(?=[A-Z])/g, pascal)
    .replaceAll(/(?<=\b(?:const|default|import) )example\b|\bexample(?=[A-Z])|(?<!@)\bexample(?=\()/g, camel)
    .replaceAll(/'example'|`example`|\bexample:/g, (found) => found.replace('example', plugin))
}

function packageJson({ package: name, plugin }: PluginNames, kind: PluginKind): object {
  return {
    name,
    version: '0.1.0',
    description: `Santokit ${KIND[kind].noun}: ${plugin}.`,
    // To be chosen by whoever publishes it.
    license: 'UNLICENSED',
    keywords: ['santokit', 'santokit-plugin'],
    type: 'module',
    engines: { node: '>=20.19' },
    sideEffects: false,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    files: ['dist'],
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      test: 'vitest run',
      types: 'tsc',
      prepack: 'npm run build',
      prepublishOnly: 'npm test',
    },
    ...(kind === 'target' ? { dependencies: { zod: '^4.6.7' } } : {}),
    peerDependencies: { '@santokit/core': `^${VERSION}` },
    devDependencies: { '@santokit/core': `^${VERSION}`, '@types/node': '^20.19.0', typescript: '^5.9.3', vitest: '^4.1.12' },
  }
}

const KIND: Readonly<Record<PluginKind, { readonly noun: string; readonly use: (names: PluginNames) => string; readonly start: string }>> = {
  target: {
    noun: 'target',
    use: ({ plugin, camel }) => `  plugins: [${camel}()],\n  projects: { shop: { targets: { '${plugin}': { to: 'releases' } } } },`,
    start: '`src/platform.ts` is where your platform goes; it is a folder now, and everything works. `src/options.ts` is what a person writes.',
  },
  secrets: {
    noun: 'secret provider',
    use: ({ plugin, camel }) => `  plugins: [${camel}({ url: 'https://vault.example.com' })],\n  projects: { shop: { secrets: { DATABASE_URL: '${plugin}:shop/database-url' } } },`,
    start: '`src/provider.ts` is all of it: the form of a reference, and how values are read. It asks an HTTP server now.',
  },
  schema: {
    noun: 'schema engine',
    use: ({ camel }) => `  plugins: [${camel}()],`,
    start: '`src/difference.ts` is the heart: two catalogues in, statements out. It knows tables, indexes and views of SQLite now.',
  },
}

function readme(names: PluginNames, kind: PluginKind): string {
  const { noun, use, start } = KIND[kind]
  return `# ${names.package}

A ${noun} for [Santokit](https://www.npmjs.com/package/@santokit/core).

\`\`\`sh
npm install --save-dev ${names.package}
\`\`\`

\`\`\`ts
import { defineConfig } from '@santokit/core'
import ${names.camel} from '${names.package}'

export default defineConfig({
${use(names)}
})
\`\`\`

## Work on it

\`\`\`sh
npm install
npm test          # what every ${noun} must do, a test for each rule, and your own
npm run build     # dist/, as it is published
\`\`\`

${start}

Try it in a project before it is published: \`npm pack\`, and there \`npm install ../${names.package.split('/').at(-1) ?? ''}-0.1.0.tgz\`. A linked folder
would bring a second copy of \`@santokit/core\` with it.

## Before the first \`npm publish\`

1. Choose a licence: a \`LICENSE\` file, and \`license\` in \`package.json\`.
2. Add \`repository\` and \`author\` to \`package.json\`, and say in this file what a person needs: accounts, permissions, options.
3. Keep the keyword \`santokit-plugin\` and the name's beginning: people find it by them.
4. \`peerDependencies\` says which versions of \`@santokit/core\` it works with. Before 1.0 a minor version may break; run the tests with
   the next one before you widen the range.
`
}
