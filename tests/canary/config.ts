import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { FakePlatform } from '../../packages/core/src/testkit/fixtures/platform/server.ts'
import { writeBase } from '../../packages/plugin-image/test/base.ts'
import { startRegistry } from '../../packages/plugin-image/test/registry/registry.ts'
import { canaryWorld, plant, type CanaryWorld } from './world.ts'

const TARGETS = fileURLToPath(new URL('../../packages/core/src/testkit/fixtures/platform/target.ts', import.meta.url))

/**
 * Every target that is proved, by its name in the config. A further one is a line here: its import, its plugin and its
 * options, which are told where the platform and a registry are.
 */
export const TARGETS_PROVED: Readonly<Record<string, { readonly imports: string; readonly plugin: string; readonly options: (origin: string, registry: string) => string }>> = {
  tarball: { imports: "import tarball from '@santokit/plugin-tarball'", plugin: 'tarball()', options: () => "{ to: 'file:releases' }" },
  image: { imports: "import image from '@santokit/plugin-image'", plugin: 'image()', options: (_, registry) => `{ repository: '${registry}/acme/notes', base: 'oci:base', sqlite: false }` },
  app: {
    imports: `import { appTarget } from ${JSON.stringify(TARGETS)}`, plugin: "{ name: 'app', targets: [appTarget] }",
    options: (origin) => `{ url: '${origin}', app: 'notes', token: secret('PLATFORM_TOKEN') }`,
  },
  shelf: {
    imports: `import { shelfTarget } from ${JSON.stringify(TARGETS)}`, plugin: "{ name: 'shelf', targets: [shelfTarget] }",
    options: (origin) => `{ url: '${origin}', app: 'shelved', token: secret('PLATFORM_TOKEN') }`,
  },
}

/** A vault whose values the environment holds, so that a test can plant them. */
const VAULT = `{ name: 'vault', secretProviders: [{
  scheme: 'vault',
  parseRef() {},
  preflight: async () => ({ identity: 'ci@acme', mode: 'token' }),
  async resolveMany(refs, { env, progress }) {
    progress('opening the vault')
    if (refs.includes('vault:throws')) throw new Error('unexpected token in ' + env.CANARY_VAULT, { cause: env.CANARY_VAULT })
    if (refs.includes('vault:waits')) { progress('waiting'); await new Promise(() => setInterval(() => {}, 1000)) }
    return new Map(refs.map((ref) => [ref, ref === 'vault:none' ? { failure: 'item-not-found', why: 'There is no such entry.' } : { value: new SecretValue(env.CANARY_VAULT) }]))
  },
}] }`

export interface CanaryOptions {
  /** Names of {@link TARGETS_PROVED}. */
  readonly targets?: readonly string[]
  /** More plugins, as text. */
  readonly plugins?: string
  /** What stands in `secrets` beside what is planted. */
  readonly secrets?: string
  readonly files?: Readonly<Record<string, string>>
}

/** A repository with planted secrets of every source, and a platform to release it to. */
export async function canaryRepository({ targets = ['tarball'], plugins = '', secrets = '', files = {} }: CanaryOptions = {}): Promise<CanaryWorld & { readonly platform: FakePlatform }> {
  const planted = plant()
  const platform = await FakePlatform.start(planted.PLATFORM_TOKEN ?? '')
  onTestFinished(() => platform.close())
  const used = targets.map((name) => ({ name, ...TARGETS_PROVED[name] as (typeof TARGETS_PROVED)[string] }))
  const { origin } = platform
  const registry = targets.includes('image') ? await startRegistry() : undefined
  onTestFinished(() => registry?.close())
  const world = await canaryWorld(() => `import { defineConfig, secret, SecretValue } from '@santokit/core'
${used.map(({ imports }) => imports).join('\n')}

export default defineConfig({
  plugins: [${used.map(({ plugin }) => plugin).join(', ')}, ${VAULT}, ${plugins}],
  projects: {
    notes: {
      root: 'notes',
      databases: {
        main: { driver: 'libsql', url: secret('DATABASE_URL', { type: 'url', description: 'The primary' }), authToken: secret('DATABASE_TOKEN') },
        vault: { driver: 'libsql', url: 'file:x.db', authToken: secret('FROM_VAULT') },
        file: { driver: 'libsql', url: 'file:y.db', authToken: secret('FROM_FILE', { type: 'pem' }) },
        dotenv: { driver: 'libsql', url: 'file:z.db', authToken: secret('IN_DOTENV') },
      },
      secrets: { FROM_VAULT: 'vault:a', FROM_FILE: 'file:secrets/key', ${secrets} },
      targets: { ${used.map(({ name, options }) => `${name}: ${options(origin, registry?.host ?? '')}`).join(', ')} },
    },
  },
  environments: { staging: {} },
} as never)
`, {
    'notes/logic/notes/list.sql': '---\naccess: public\ndatabase: main\n---\nselect 1 as one\n',
    'notes/logic/notes/add.ts': `export default { access: 'public', handler: async ({ db }) => ({ rows: await db.main.rows('select 1') }) }\n`,
    ...files,
  }, planted)
  if (registry !== undefined) await writeBase(join(world.repository.root, 'base'))
  return { ...world, platform }
}
