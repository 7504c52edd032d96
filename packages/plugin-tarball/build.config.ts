import { defineBuildConfig } from 'unbuild'

export default defineBuildConfig({
  entries: [{ input: 'src/index', name: 'index' }],
  declaration: 'node16',
  clean: true,
  externals: ['@santokit/core'],
  rollup: { emitCJS: false, output: { chunkFileNames: 'chunks/[name].mjs' } },
})
