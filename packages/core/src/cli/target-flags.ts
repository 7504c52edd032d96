import type { ResolvedConfig } from '../config/resolved.ts'
import { StkError, suggestion } from '../diagnostics/index.ts'
import { selectProjects, selectTargets, type ProjectTarget } from '../lifecycle/select.ts'
import type { TargetFlag, TargetFlags } from '../plugin/contract.ts'
import type { PluginHost } from '../plugin/index.ts'
import { parseVerb, type Verb, type VerbOptions } from './verb.ts'

/** What of a loaded config decides which flags there are. */
export interface FlagSource {
  readonly config: ResolvedConfig
  readonly host: PluginHost
}

/** The arguments of a verb that takes flags of targets, once these are known. */
export interface TargetArguments {
  readonly positionals: readonly string[]
  /** Only what targets offer; the verb's own options are not repeated. */
  readonly flags: TargetFlags
}

/**
 * Reads a verb's arguments again, strictly, with the flags of every target of the named projects.
 *
 * @throws StkError STK1020 for an option that neither the verb nor a target has, with the nearest.
 */
export function readTargetFlags(verb: Verb, args: readonly string[], source: FlagSource, projects: readonly string[]): TargetArguments {
  const offered = flagsOf(selectProjects(source.config, projects).flatMap(({ targets }) => targets.map(({ type }) => type)), source.host)
  const { options, positionals } = parseVerb(verb, args, offered)
  const given = Object.entries(options).filter(([name, value]) => Object.hasOwn(offered, name) && value !== undefined && value !== false)
  return { positionals, flags: Object.fromEntries(given) as TargetFlags }
}

/**
 * Refuses flags that none of the chosen targets would see.
 *
 * @throws StkError STK1020
 */
export function checkFlags(flags: TargetFlags, pairs: readonly ProjectTarget[], host: PluginHost): void {
  const offered = flagsOf(pairs.map(({ target }) => target.type), host)
  for (const name of Object.keys(flags)) {
    if (Object.hasOwn(offered, name)) continue
    const names = [...new Set(pairs.map(({ target }) => `"${target.name}"`))].join(', ')
    throw new StkError('STK1020', { why: `--${name} is not a flag of target ${names}. ${suggestion(name, Object.keys(offered))}`, fix: 'Name the target that has it.' })
  }
}

/** The targets of these names, and that the flags are theirs. All of them if none is named. */
export function chooseTargets(
  source: FlagSource, selection: { readonly projects: readonly string[]; readonly targets: readonly string[]; readonly flags: TargetFlags },
): readonly ProjectTarget[] {
  const pairs = selectTargets(selectProjects(source.config, selection.projects), selection.targets)
  checkFlags(selection.flags, pairs, source.host)
  return pairs
}

/** The flags of these target types as options of a verb. */
export function flagsOf(types: readonly string[], host: PluginHost): VerbOptions {
  const flags: { [name: string]: TargetFlag } = {}
  for (const type of new Set(types)) Object.assign(flags, host.target(type)?.target.flags)
  return flags
}
