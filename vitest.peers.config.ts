import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Tests of what needs programs that npm does not have; `npm run test:peers` installs them first. */
export default mergeConfig({ resolve: base.resolve }, defineConfig({
  test: {
    include: ['packages/**/*.peer.test.ts', 'tests/**/*.peer.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.santokit/**'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // They share a machine, an engine and a package manager.
    fileParallelism: false,
  },
}))
