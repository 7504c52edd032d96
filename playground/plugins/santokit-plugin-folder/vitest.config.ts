import { defineConfig } from 'vitest/config'

// A slow machine is no reason for a test to fail.
export default defineConfig({ test: { testTimeout: 60_000 } })
