import eslint from '@eslint/js'
import boundaries from 'eslint-plugin-boundaries'
import tseslint from 'typescript-eslint'

/** The rooms of packages/core/src, from the ground up: a room may import those before it. `docs/architecture.md` draws them. */
export const ROOMS = ['diagnostics', 'secrets', 'artifact', 'logic', 'modules', 'plugin', 'client-types', 'compat', 'config', 'schema', 'lifecycle', 'dev', 'init', 'cli']

/** What a package may import of the others, without `@santokit/`. `docs/architecture.md` says why. */
export const WALLS = {
  'bridge': [],
  'core': ['bridge', 'bridge/manifest', 'bridge/manifest/schema', 'bridge/node'],
  'client': [],
  'plugin-*': ['core', 'core/schema', 'core/dev', 'bridge/manifest'],
}

/** Types only, and everyone's: they may name types of any room, and any room may name theirs. */
const CONTRACTS = [
  'packages/core/src/plugin/contract.ts', 'packages/core/src/schema/contract.ts', 'packages/core/src/config/types.ts', 'packages/core/src/config/resolved.ts',
]

const TESTS = ['**/*.test.ts', '**/fixture.ts', '**/fixtures/**', '**/test/**', 'tests/**', 'playground/**']

const SOURCES = ['packages/*/src/**/*.ts', 'packages/*/bin/*.mjs']

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/.santokit/', '**/.output/', '**/.nitro/', '**/.wrangler/', '**/coverage/', '**/*.d.ts'] },
  eslint.configs.recommended,
  tseslint.configs.strict,
  tseslint.configs.stylistic,
  {
    name: 'house rules',
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', caughtErrors: 'none' }],
      'eqeqeq': 'error',
      'no-restricted-syntax': ['error', {
        selector: 'ExportDefaultDeclaration', message: 'Export by name: a name can be searched for. Only plugins, configs, logic and Workers have a default export.',
      }],
      'no-var': 'error',
      'prefer-const': 'error',
      // `{ [alias: string]: … }` names its keys, `Record` does not.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/no-inferrable-types': 'off',
      // A union or a mapped type is a `type`; next to it a shape may be one as well.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // An empty method of a stub or a hook says enough.
      '@typescript-eslint/no-empty-function': 'off',
      // `void` in a union is how a hook says that it may return nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Control characters are what several of our patterns are about.
      'no-control-regex': 'off',
    },
  },
  {
    name: 'plugins, configs, logic and Workers are found by their default export',
    files: ['packages/plugin-*/src/index.ts', 'packages/core/templates/plugin/*/src/index.ts', '**/*.config.{ts,js}', 'docs/.vitepress/**', '**/logic/**/*.{ts,js,mjs}', '**/fixtures/**', 'bench/worker/{rivals,santokit}/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    name: 'only what talks to a person prints',
    files: SOURCES,
    ignores: ['packages/core/src/cli/**', 'packages/bridge/src/log.ts', ...TESTS],
    rules: { 'no-console': 'error' },
  },
  {
    name: 'tests know better',
    files: TESTS,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    name: 'scripts run on Node',
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', performance: 'readonly', fetch: 'readonly', URL: 'readonly', Buffer: 'readonly',
      setTimeout: 'readonly', clearTimeout: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', TextDecoder: 'readonly', TextEncoder: 'readonly',
      AbortController: 'readonly', AbortSignal: 'readonly', Response: 'readonly', Request: 'readonly', crypto: 'readonly', structuredClone: 'readonly' } },
  },
  {
    name: 'the explorer runs in a browser',
    files: ['packages/core/explorer/*.js'],
    languageOptions: { globals: { document: 'readonly', location: 'readonly', navigator: 'readonly', sessionStorage: 'readonly', addEventListener: 'readonly',
      scrollTo: 'readonly', EventSource: 'readonly', queueMicrotask: 'readonly' } },
  },
  ...walls(),
  ...floorPlan(),
)

/** What a package may import of the others. */
function walls() {
  const wall = (name, files, allowed, more = []) => ({
    name: `walls: ${name}`,
    files,
    ignores: TESTS,
    rules: {
      'no-restricted-imports': ['error', { patterns: [
        { regex: `^@santokit/(?!${allowed.map((source) => `${source}$`).join('|') || '$'})`, message: `${name} may import ${allowed.map((source) => `@santokit/${source}`).join(', ') || 'no other package of ours'}.` },
        { regex: '^(\\.\\./)+(bridge|core|client|plugin-[a-z0-9-]+)/src', message: 'Import another package by its name.' },
        ...more,
      ] }],
    },
  })
  return [
    wall('bridge', ['packages/bridge/src/**'], WALLS.bridge),
    wall('the manifest', ['packages/bridge/src/manifest/**'], [], [{ regex: '^\\.\\./', message: 'The manifest format stands alone: core and the Bridge both read it.' }]),
    wall('client', ['packages/client/src/**'], WALLS.client),
    wall('core', ['packages/core/src/**'], WALLS.core),
    wall('a plugin', ['packages/plugin-*/src/**'], WALLS['plugin-*']),
  ]
}

/** What a room of core may import of the others: those below it. */
function floorPlan() {
  const core = 'packages/core/src'
  const room = (names) => ({ element: { types: { anyOf: names } } })
  const file = (category) => ({ file: { categories: category } })
  return [{
    name: 'floor plan of core',
    files: [`${core}/**/*.ts`],
    ignores: TESTS,
    plugins: { boundaries },
    settings: {
      'import/resolver': { node: { extensions: ['.ts', '.js'] } },
      'boundaries/dependency-nodes': ['import', 'dynamic-import', 'export'],
      'boundaries/legacy-templates': false,
      'boundaries/elements': [...ROOMS, 'testkit'].map((name) => ({ type: name, pattern: `${core}/${name}`, partialMatch: false })),
      'boundaries/files': [
        { category: 'contract', pattern: CONTRACTS },
        { category: 'version', pattern: `${core}/version.ts` },
        { category: 'entry', pattern: `${core}/index.ts` },
      ],
    },
    rules: {
      'boundaries/dependencies': ['error', {
        default: 'disallow',
        message: '{{from.element.type}} may not import {{to.element.type}}: imports go down only (docs/architecture.md).',
        policies: [
          ...ROOMS.map((name, floor) => ({ from: room([name]), allow: { to: room(ROOMS.slice(0, floor + 1)) } })),
          { from: room(['testkit']), allow: { to: room(['testkit', ...ROOMS.filter((name) => name !== 'cli')]) } },
          // What a config file and a plugin import must stay light.
          { from: file('entry'), allow: { to: file('contract') } },
          { from: file('entry'), allow: { to: room(['config', 'plugin', 'artifact', 'secrets', 'diagnostics']) } },
          { allow: { to: file('version') } },
          // A config file's `@santokit/core` is the one that reads it, so its reader hands over the entry.
          { from: room(['config']), allow: { dependency: { nodeKind: 'dynamic-import' }, to: file('entry') } },
          { allow: { dependency: { kind: 'type' }, to: file('contract') } },
          { from: file('contract'), allow: { dependency: { kind: 'type' } } },
          // Everything that is not a file of ours.
          { allow: { to: { module: { origin: ['external', 'core'] } } } },
        ],
      }],
    },
  }]
}
