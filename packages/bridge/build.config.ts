import { defineBuildConfig } from 'unbuild'

/** Each entry is built apart, so that none shares a chunk with another. */
const entry = (input: string, name: string, first = false) => ({
  entries: [{ input, name }],
  clean: first,
  declaration: 'node16' as const,
  // Each build warns of what the others have yet to write; the last one holds them all to package.json.
  failOnWarn: false,
})

export default defineBuildConfig([
  entry('src/index', 'index', true),
  { ...entry('src/manifest/index', 'manifest'), rollup: { inlineDependencies: true } },
  {
    ...entry('src/node', 'node'),
    failOnWarn: true,
    // The one dependency that is installed: it has native parts.
    externals: [/^@libsql\//, 'pg-native', 'pg-cloudflare'],
    rollup: {
      inlineDependencies: true,
      output: { inlineDynamicImports: true },
      esbuild: { target: 'node20', minify: true },
      // Without it h3 and srvx come in their generic form, whose answers are several times slower.
      resolve: { exportConditions: ['node'] },
      commonjs: { ignore: ['pg-native', 'pg-cloudflare'] },
    },
  },
])
