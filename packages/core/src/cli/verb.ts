import { parseArgs } from 'node:util'
import { StkError, suggestion } from '../diagnostics/index.ts'
import type { Terminal } from './terminal/terminal.ts'

/** An option of a verb, written `--name` (or `--name value`). */
export interface VerbOption {
  readonly type: 'boolean' | 'string'
  /** May be given several times; the value is then a list. */
  readonly multiple?: boolean
  readonly short?: string
  /** What stands for the value in the help, such as `NAME`. */
  readonly value?: string
  readonly summary: string
}

export type VerbOptions = { readonly [name: string]: VerbOption }

/** Values as a verb receives them: absent options are `undefined`, or `false` for booleans. */
export type OptionValues<Options extends VerbOptions> = {
  readonly [Name in keyof Options]: Options[Name]['type'] extends 'boolean'
    ? boolean
    : Options[Name] extends { readonly multiple: true } ? readonly string[] : string | undefined
}

/** A verb of `stk`. Its file loads fast: whatever is heavy is imported inside `run`. */
export interface Verb<Options extends VerbOptions = VerbOptions> {
  readonly name: string
  /** One line for `stk --help`. */
  readonly summary: string
  /** What may stand after the verb, as the usage line shows it: `[ID]`. */
  readonly positionals?: string
  readonly options: Options
  /** Whether the verb also takes the flags that targets offer. They are known once the config is loaded; see `readTargetFlags`. */
  readonly takesTargetFlags?: boolean
  /** Lines to copy, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** @returns the exit code; `undefined` is 0. */
  run(call: VerbCall<Options & typeof COMMON_OPTIONS>): Promise<number | void>
}

export interface VerbCall<Options extends VerbOptions> {
  /** The verb itself. */
  readonly verb: Verb
  readonly options: OptionValues<Options>
  readonly positionals: readonly string[]
  /** Everything after the verb, as it was given. */
  readonly args: readonly string[]
  readonly terminal: Terminal
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
  /** From here on the verb deals with signals itself, and its exit code stands. */
  handOverSignals(): void
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** Options that every verb understands. */
export const COMMON_OPTIONS = {
  config: { type: 'string', value: 'FILE', summary: 'Config file (default: the nearest santokit.config.ts)' },
  env: { type: 'string', value: 'NAME', summary: 'Environment to merge over the config (or STK_ENV; default: production)' },
  json: { type: 'boolean', summary: 'One JSON event a line on stdout, and nothing else' },
  verbose: { type: 'boolean', summary: 'Show stacks and details' },
  help: { type: 'boolean', short: 'h', summary: 'Show this help' },
} as const satisfies VerbOptions

/** Options of verbs that work on projects. */
export const PROJECT_OPTION = {
  project: { type: 'string', multiple: true, short: 'p', value: 'NAME', summary: 'Only this project; may be repeated (default: all)' },
} as const satisfies VerbOptions

/** Options of verbs that work on targets. */
export const TARGET_OPTIONS = {
  ...PROJECT_OPTION,
  target: { type: 'string', multiple: true, short: 't', value: 'NAME', summary: 'Only this target; may be repeated (default: all)' },
} as const satisfies VerbOptions

/** Declares a verb; returns its argument. It exists for its types. */
export function defineVerb<const Options extends VerbOptions>(verb: Verb<Options>): Verb<Options> {
  return verb
}

/**
 * Reads a verb's arguments. Strict: an unknown option is refused with the nearest one. Only where the verb takes flags of
 * targets, unknown ones are left for `readTargetFlags` to judge.
 *
 * @param more options that targets offer, once they are known; from then on everything is strict.
 * @throws StkError STK1020
 */
export function parseVerb<Options extends VerbOptions>(
  verb: Verb<Options>,
  args: readonly string[],
  more?: VerbOptions,
): { readonly options: OptionValues<Options & typeof COMMON_OPTIONS>; readonly positionals: readonly string[] } {
  const declared: VerbOptions = { ...more, ...verb.options, ...COMMON_OPTIONS }
  const fix = `stk ${verb.name} --help`
  const isStrict = verb.takesTargetFlags !== true || more !== undefined
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(Object.entries(declared).map(([name, { type, multiple, short }]) => [
        name, { type, ...(multiple ? { multiple } : {}), ...(short === undefined ? {} : { short }) },
      ])),
      allowPositionals: true,
      strict: isStrict,
    })
    if (isStrict && positionals.length > 0 && verb.positionals === undefined) {
      throw new StkError('STK1020', { why: `stk ${verb.name} takes no argument, but "${positionals[0]}" was given.`, fix })
    }
    const filled = Object.entries(declared).map(([name, option]) => [
      name, values[name] ?? (option.type === 'boolean' ? false : option.multiple ? [] : undefined),
    ])
    return { options: Object.fromEntries(filled) as unknown as OptionValues<Options & typeof COMMON_OPTIONS>, positionals }
  } catch (error) {
    if (error instanceof StkError) throw error
    throw new StkError('STK1020', { why: usageProblem(error as Error, declared), fix })
  }
}

function usageProblem(error: Error & { code?: string }, declared: VerbOptions): string {
  const unknown = /Unknown option '(-{1,2}[^']+)'/.exec(error.message)?.[1]
  if (unknown === undefined) return error.message.split('\n')[0] ?? error.message
  const names = Object.keys(declared)
  return `There is no option ${unknown}. ${suggestion(unknown.replace(/^-+/, ''), names).replace(/"(.+)"/, '--$1')}`
}
