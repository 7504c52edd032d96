import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    // Tests run on the sources; what is published is proved by the pack checks.
    alias: [
      { find: /^@santokit\/bridge$/, replacement: source('bridge/src/index.ts') },
      { find: /^@santokit\/bridge\/manifest$/, replacement: source('bridge/src/manifest/index.ts') },
      { find: /^@santokit\/bridge\/manifest\/schema$/, replacement: source('bridge/src/manifest/schema.ts') },
      { find: /^@santokit\/bridge\/node$/, replacement: source('bridge/src/node.ts') },
      { find: /^@santokit\/bridge\/worker$/, replacement: source('bridge/src/worker.ts') },
      { find: /^@santokit\/bridge\/worker\/(pg|libsql)$/, replacement: source('bridge/src/worker/$1.ts') },
      { find: /^@santokit\/core$/, replacement: source('core/src/index.ts') },
      { find: /^@santokit\/core\/lifecycle$/, replacement: source('core/src/lifecycle/index.ts') },
      { find: /^@santokit\/core\/schema$/, replacement: source('core/src/schema/index.ts') },
      { find: /^@santokit\/core\/dev$/, replacement: source('core/src/dev/index.ts') },
      { find: /^@santokit\/core\/testkit$/, replacement: source('core/src/testkit/index.ts') },
      { find: /^@santokit\/client$/, replacement: source('client/src/index.ts') },
      { find: /^@santokit\/plugin-tarball$/, replacement: source('plugin-tarball/src/index.ts') },
      { find: /^@santokit\/plugin-image$/, replacement: source('plugin-image/src/index.ts') },
      { find: /^@santokit\/plugin-cfworker$/, replacement: source('plugin-cfworker/src/index.ts') },
      { find: /^@santokit\/plugin-secrets-1password$/, replacement: source('plugin-secrets-1password/src/index.ts') },
      { find: /^@santokit\/plugin-schema-atlas$/, replacement: source('plugin-schema-atlas/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'packages/core/templates/**/*.test.ts', 'playground/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.santokit/**', '**/*.peer.test.ts'],
    // Ends what hangs; a busy machine is not a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
