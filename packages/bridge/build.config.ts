import { type BuildHooks, defineBuildConfig } from 'unbuild'
import { thirdPartyNotices } from '../../scripts/third-party.ts'

/** Rollup warns of comments in zod that it drops; they only matter to other bundlers. */
const hooks: Partial<BuildHooks> = {
  'rollup:options'(_, options) {
    const { onLog } = options
    options.onLog = (level, log, handler) => {
      if (log.code === 'INVALID_ANNOTATION') return
      if (onLog) onLog.call(undefined as never, level, log, handler)
      else handler(level, log)
    }
  },
}

/** Each entry is built apart, so that none shares a chunk with another. */
const entry = (input: string, name: string, first = false) => ({
  entries: [{ input, name }],
  clean: first,
  declaration: 'node16' as const,
  hooks,
  // Each build warns of what the others have yet to write; the last one holds them all to package.json.
  failOnWarn: false,
})

export default defineBuildConfig([
  entry('src/index', 'index', true),
  entry('src/manifest/index', 'manifest'),
  { ...entry('src/manifest/schema', 'manifest-schema'), rollup: { inlineDependencies: true } },
  {
    // These share their chunks: an error of one must be known to the others by its class.
    ...entry('src/worker', 'worker'),
    entries: [
      { input: 'src/worker', name: 'worker' }, { input: 'src/worker/pg', name: 'worker/pg' }, { input: 'src/worker/libsql', name: 'worker/libsql' },
    ],
    hooks: {
      ...hooks,
      'rollup:options'(context, options) {
        hooks['rollup:options']?.(context, options)
        // All that workerd does not have itself, the installed dependency too: whoever makes a Worker of it has this folder and no more.
        options.external = (id) => /^(node|cloudflare):/.test(id)
        options.treeshake = { moduleSideEffects: 'no-external' }
        options.plugins = [options.plugins, thirdPartyNotices('THIRD-PARTY-WORKER.txt')]
      },
    },
    rollup: {
      inlineDependencies: true,
      esbuild: { target: 'es2022', minify: true },
      resolve: { exportConditions: ['workerd', 'worker', 'browser', 'import'] },
    },
  },
  {
    ...entry('src/node', 'node'),
    failOnWarn: true,
    hooks: {
      ...hooks,
      'rollup:options'(context, options) {
        hooks['rollup:options']?.(context, options)
        options.plugins = [options.plugins, thirdPartyNotices()]
      },
    },
    // The one dependency that is installed: it has native parts.
    externals: [/^@libsql\//, 'pg-native', 'pg-cloudflare'],
    rollup: {
      inlineDependencies: true,
      output: { inlineDynamicImports: true },
      esbuild: { target: 'node20', minify: true },
      resolve: { exportConditions: ['node'] },
      commonjs: { ignore: ['pg-native', 'pg-cloudflare'] },
    },
  },
])
