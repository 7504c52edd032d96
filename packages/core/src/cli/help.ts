import { COMMON_OPTIONS, type Verb, type VerbOptions } from './verb.ts'
import { VERBS } from './verbs.ts'

/** What `stk --help` prints. Loads no verb. */
export function overview(version: string): string {
  const width = Math.max(...VERBS.map((verb) => verb.name.length))
  return [
    `stk ${version} — build and release backends from santokit.config.ts`,
    '',
    'Usage  stk VERB [options]',
    '',
    ...VERBS.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`),
    '',
    'Every verb has --help. The main road:  stk build && stk release',
    '',
  ].join('\n')
}

/** What a target adds to a verb's help. */
export interface TargetHelp {
  readonly target: string
  readonly flags: VerbOptions
}

/** What `stk VERB --help` prints. */
export function verbHelp(verb: Verb, target?: TargetHelp): string {
  const own = describe(verb.options)
  const offered = describe(target?.flags ?? {})
  const common = describe(COMMON_OPTIONS)
  const width = Math.max(...[...own, ...offered, ...common].map(([flags]) => flags.length))
  const lines = (rows: readonly (readonly [string, string])[]): string[] => rows.map(([flags, summary]) => `  ${flags.padEnd(width)}  ${summary}`)
  const widest = Math.max(0, ...verb.examples.map(([line]) => line.length))
  return [
    verb.summary,
    '',
    `Usage  stk ${verb.name}${verb.positionals === undefined ? '' : ` ${verb.positionals}`} [options]`,
    '',
    ...(own.length === 0 ? [] : ['Options', ...lines(own), '']),
    ...(offered.length === 0 ? [] : [`Flags of target "${target?.target}"`, ...lines(offered), '']),
    ...(verb.takesTargetFlags === true && target === undefined ? ['Targets may have flags of their own: stk deploy TARGET --help', ''] : []),
    'Common options',
    ...lines(common),
    ...(verb.examples.length === 0 ? [] : ['', 'Examples', ...verb.examples.map(([line, what]) => `  ${line.padEnd(widest)}  ${what}`)]),
    '',
  ].join('\n')
}

function describe(options: VerbOptions): (readonly [flags: string, summary: string])[] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `
    return [`${short}--${name}${option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''}`, option.summary]
  })
}
