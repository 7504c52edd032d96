import { defineBuildConfig } from 'unbuild'

export default defineBuildConfig({
  entries: [{ input: 'src/index', name: 'index' }],
  declaration: 'node16',
  clean: true,
  rollup: { emitCJS: false, esbuild: { target: 'es2022', minify: true } },
})
