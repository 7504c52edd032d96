import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { FakePlatform } from '../packages/core/src/testkit/fixtures/platform/server.ts'
import { checkout, type Checkout } from './checkout.ts'

const TARGETS = fileURLToPath(new URL('../packages/core/src/testkit/fixtures/platform/target.ts', import.meta.url))

export const PLATFORM_TOKEN = 'canary-of-the-platform-token'

export interface PlatformCheckout {
  readonly repository: Checkout
  readonly platform: FakePlatform
  /** What `stk` has in its environment: the platform's token and a database. */
  readonly env: Record<string, string>
  /** Names on the platform, sorted. */
  names(): readonly string[]
}

/**
 * A repository whose project is released to a strict platform with a memory: as an `app`, which takes secrets with a
 * release, or a `shelf`, which keeps them apart.
 */
export async function platformCheckout(type: 'app' | 'shelf', { plugins = '', secrets = '{}', files = {} as Record<string, string> } = {}): Promise<PlatformCheckout> {
  const platform = await FakePlatform.start(PLATFORM_TOKEN)
  onTestFinished(() => platform.close())
  const repository = await checkout({
    'santokit.config.ts': `import { defineConfig, secret } from '@santokit/core'
import { appTarget, shelfTarget } from ${JSON.stringify(TARGETS)}

export default defineConfig({
  plugins: [{ name: 'platform', targets: [appTarget, shelfTarget] }, ${plugins}],
  projects: {
    notes: {
      root: 'notes',
      databases: {
        main: { driver: 'libsql', url: secret('DATABASE_URL'), authToken: secret('DATABASE_TOKEN', { optional: true, description: 'From the console' }) },
      },
      secrets: ${secrets},
      targets: { edge: { type: '${type}', url: '${platform.origin}', app: 'notes', token: secret('PLATFORM_TOKEN') } },
    },
  },
  environments: { staging: {} },
} as never)
`,
    ...files,
  })
  return {
    repository, platform,
    env: { PLATFORM_TOKEN, DATABASE_URL: 'libsql://canary-host.example?authToken=canary-in-url' },
    names: () => Object.keys(platform.valuesOf('notes')).sort(),
  }
}
