import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rollup'
import { defineBuildConfig, type BuildHooks } from 'unbuild'
import { inlineParts } from '../../scripts/inline-zod.ts'
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

/** What reads options: with every command. */
const OPTIONS = /^(?:index|target|options|registry\/reference)$/
/** What a release goes through. */
const RELEASE = [
  /^(?:package|session)$/, /^(?:base|documents|oci|runtime)\//, /^registry\/(?!credentials\/)/, /^layout\/(?!pack$)/,
  /^output\/where$/, /^release\/(?:plan|release|verify|record|live|history|holds|names|parts|place)$/,
]

/** Puts what is loaded together into one file, since finding and linking a file takes Node longer than reading it. */
function chunk(id: string): string | undefined {
  const [, own = ''] = /[/\\]plugin-image[/\\]src[/\\](.+)\.ts$/.exec(id.replaceAll('\\', '/')) ?? []
  if (OPTIONS.test(own) || /[/\\]node_modules[/\\]zod[/\\]/.test(id)) return 'options'
  // Asked for by few registries of few people.
  if (own.startsWith('registry/credentials/')) return 'credentials'
  return RELEASE.some((part) => part.test(own)) ? 'release' : undefined
}

export default defineBuildConfig([
  {
    entries: [{ input: 'src/index', name: 'index' }],
    declaration: 'node16',
    hooks: inlineParts({ chunk }),
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
