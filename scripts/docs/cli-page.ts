import { COMMON_OPTIONS, type Verb, type VerbOptions } from '../../packages/core/src/cli/verb.ts'
import { VERBS } from '../../packages/core/src/cli/verbs.ts'
import { ourPlugins } from './our-plugins.ts'
import { escaped, table } from './table.ts'

/** `docs/reference/cli.md`: every verb, from what `stk VERB --help` prints. */
export async function cliPage(): Promise<string> {
  const verbs = await Promise.all(VERBS.map((listing) => listing.load()))
  return [
    '# CLI reference',
    '',
    'What `stk --help` and `stk VERB --help` say. `stk` is in `@santokit/core`; without a global install it is `npx stk`.',
    '',
    table(['verb', ''], VERBS.map(({ name, summary }) => [`[\`stk ${name}\`](#stk-${name})`, summary])),
    '',
    `Plugins may add verbs, and targets may add [flags](#flags-of-targets) to ${verbs.filter((verb) => verb.takesTargetFlags).map(({ name }) => `\`${name}\``).join(', ')}.`,
    '',
    '## Common options',
    '',
    optionTable(COMMON_OPTIONS),
    '',
    EXITS,
    ...verbs.map(verbText),
    '## Flags of targets',
    '',
    'Each is for the verbs that it makes sense for; `stk deploy TARGET --help` lists those of one target.',
    '',
    ...(await targetFlags()),
  ].join('\n')
}

const EXITS = `| exit code | means |
|---|---|
| 0 | done |
| 1 | it failed |
| 2 | wrong usage, or the config or sources are not right; with \`--detailed-exitcode\`: something is to be done |
| 130 | interrupted by Ctrl-C |

\`stk run\` exits with the code of its command. What an error means is [listed by code](../errors/index.md).
`

function verbText(verb: Verb): string {
  const usage = ['stk', verb.name, ...(verb.positionals === undefined ? [] : [verb.positionals]), '[options]'].join(' ')
  return [
    `## stk ${verb.name}`,
    '',
    `${escaped(verb.summary)}.`,
    '',
    '```text',
    usage,
    '```',
    '',
    ...(Object.keys(verb.options).length === 0 ? [] : [optionTable(verb.options), '']),
    ...(verb.examples.length === 0 ? [] : ['```sh', ...exampleLines(verb.examples), '```', '']),
  ].join('\n')
}

function exampleLines(examples: Verb['examples']): readonly string[] {
  const width = Math.max(...examples.map(([line]) => line.length))
  return examples.map(([line, what]) => `${line.padEnd(width)}    # ${what}`)
}

function optionTable(options: VerbOptions): string {
  return table(['option', ''], Object.entries(options).map(([name, { short, type, value, summary }]) => {
    const long = `--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`
    return [short === undefined ? `\`${long}\`` : `\`-${short}\`, \`${long}\``, summary]
  }))
}

/** Of every target that our plugins offer. */
async function targetFlags(): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { index, targetType } of ourPlugins()) {
    if (targetType === undefined) continue
    const { default: plugin } = await import(index) as { readonly default: () => { readonly targets?: readonly { readonly type: string; readonly flags?: VerbOptions }[] } }
    for (const { type, flags } of plugin().targets ?? []) {
      if (flags !== undefined) lines.push(`Target \`${type}\`:`, '', optionTable(flags), '')
    }
  }
  return lines
}
