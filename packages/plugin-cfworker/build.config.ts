import { defineBuildConfig } from 'unbuild'
import { inlineZod } from '../../scripts/inline-zod.ts'

export default defineBuildConfig([
  {
    entries: [{ input: 'src/index', name: 'index' }],
    declaration: 'node16',
    hooks: inlineZod,
    clean: true,
    externals: ['@santokit/core', 'wrangler'],
    rollup: { emitCJS: false, output: { chunkFileNames: 'chunks/[name].mjs' } },
    failOnWarn: false,
  },
])
