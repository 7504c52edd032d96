import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rollup'
import { defineBuildConfig, type BuildHooks } from 'unbuild'
import { inlineZod } from '../../scripts/inline-zod.ts'
import { thirdPartyNotices } from '../../scripts/third-party.ts'

/** What `libsql` loads its native library with. A bundle has no `require` of its own. */
const REQUIRE = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n"

const hooks: Partial<BuildHooks> = {
  'rollup:options'(_, options) {
    options.plugins = [options.plugins, thirdPartyNotices(), versions()]
  },
}

/** Writes which versions are built in: the native library that is added to an image has to be of the same. */
function versions(): Plugin {
  const file = join(dirname(createRequire(import.meta.url).resolve('libsql')), 'package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  return {
    name: 'versions',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'versions.json', source: JSON.stringify({ libsql: version }) })
    },
  }
}

export default defineBuildConfig([
  {
    entries: [{ input: 'src/index', name: 'index' }],
    declaration: 'node16',
    hooks: inlineZod,
    clean: true,
    externals: ['@santokit/core', 'sigstore'],
    rollup: { emitCJS: false, output: { chunkFileNames: 'chunks/[name].mjs' } },
    failOnWarn: false,
  },
  {
    // Parts of images, not of this package: the libSQL client as the Bridge loads it, each entry one file.
    entries: ['http', 'web', 'sqlite3'].map((name) => ({ input: `src/runtime/libsql/${name}`, name })),
    outDir: 'dist/runtime',
    declaration: false,
    clean: false,
    hooks,
    failOnWarn: false,
    rollup: {
      emitCJS: false,
      inlineDependencies: true,
      output: { chunkFileNames: '[name].mjs', banner: (chunk) => (chunk.name === 'sqlite3' ? REQUIRE : '') },
      esbuild: { target: 'node20', minify: true },
      resolve: { exportConditions: ['node', 'import'] },
      commonjs: { ignoreDynamicRequires: true },
    },
  },
])
