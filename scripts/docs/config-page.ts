import { fileURLToPath } from 'node:url'
import { configSchema } from '../../packages/core/src/config/schema.ts'
import { readDeclarations } from './declarations.ts'
import { settingsOf, titleOf, type Section } from './settings.ts'
import { table } from './table.ts'

const TYPES = fileURLToPath(new URL('../../packages/core/src/config/types.ts', import.meta.url))

/** What the loader itself reads, before there is one config to check. */
const LOADER_KEYS = ['extends', 'plugins', 'environments'] as const

/** `docs/reference/config.md`: every setting, from the schema that checks it and the TSDoc that editors show. */
export function configPage(): string {
  const declarations = readDeclarations(TYPES)
  const user = declarations.interfaces.get('UserConfig') ?? new Map()
  const checked = new Map([...user].filter(([key]) => !LOADER_KEYS.some((known) => known === key)))
  const [top, ...sections] = settingsOf(configSchema, 'UserConfig', { ...declarations, interfaces: new Map([...declarations.interfaces, ['UserConfig', checked]]) })
  if (top === undefined) throw new Error('The schema reads nothing.')
  const loader: Section['settings'] = LOADER_KEYS.map((key) => ({
    key, form: LOADER_FORMS[key], isRequired: false, fallback: undefined, description: user.get(key)?.description ?? '',
  }))
  return [
    '# Config reference',
    '',
    'Every key of `santokit.config.ts`. [Config](../config.md) explains how a config is found, merged and checked; the options of targets and plugins are [a page of their own](options.md).',
    '',
    PREFACE,
    ...[{ ...top, settings: [...top.settings, ...loader] }, ...sections].map(sectionText),
  ].join('\n')
}

const LOADER_FORMS: Readonly<Record<(typeof LOADER_KEYS)[number], string>> = {
  extends: 'path or package, or a list of them',
  plugins: 'list of [plugins](../plugins.md)',
  environments: 'by name: any of `projects` and `outDir`',
}

const PREFACE = `| written as | means |
|---|---|
| duration | \`'500ms'\`, \`'5s'\`, \`'10m'\`, \`'1h'\`, \`'2d'\`, or a number of milliseconds |
| size | \`'512kB'\`, \`'1MB'\` (a million bytes), \`'2MiB'\` (2 × 1024² bytes), or a number of bytes |
| secret | \`secret('NAME')\`: a name whose value the platform delivers; see [Secrets](../secrets.md) |
| URL or secret | a URL without a password, or a secret |
| reference | where a value can be read: \`'env:NAME'\`, \`'file:path'\`, \`'op://…'\` |

A key without a default may be left out unless it says *required*. Unknown keys are errors.
`

/** One section: its title, where it stands, its settings. */
export function sectionText({ name, paths, settings }: Section): string {
  const places = paths.filter((path) => path !== '').map((path) => `\`${path}\``).join(', ')
  return [
    `## ${titleOf(name)}`,
    '',
    ...(places === '' ? [] : [`At ${places}.`, '']),
    table(['key', 'what may be written', 'default', ''], settings.map(({ key, form, isRequired, fallback, description }) =>
      [`\`${key}\``, form, isRequired ? '*required*' : fallback ?? '', description])),
    '',
  ].join('\n')
}
