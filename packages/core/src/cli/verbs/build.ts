import { relative } from 'pathe'
import type { ResolvedTarget } from '../../config/resolved.ts'
import { StkError } from '../../diagnostics/index.ts'
import type { BuiltProject } from '../../lifecycle/build.ts'
import type { TargetFlags } from '../../plugin/contract.ts'
import { exitCodeOf, outcomeOf, showFailures, type Outcome } from '../outcome.ts'
import { printProfile } from '../profile.ts'
import { withLifecycle, type Call } from '../session.ts'
import { formatMs } from '../terminal/reporters.ts'
import { chooseTargets, readTargetFlags, type FlagSource } from '../target-flags.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const build = defineVerb({
  name: 'build',
  summary: 'Bundle every project and package it for its targets, into dist/',
  takesTargetFlags: true,
  options: {
    ...TARGET_OPTIONS,
    flat: { type: 'boolean', summary: 'Write a single project straight into the output folder' },
    verify: { type: 'boolean', summary: 'Build twice and fail unless both digests are equal' },
    profile: { type: 'boolean', summary: 'Show how long each plugin took' },
  },
  examples: [
    ['stk build', 'everything'],
    ['stk build --project shop --target tarball', 'one project for one target'],
  ],
  run: (call) => runBuild('build', call, {
    flags: (lifecycle) => {
      const { flags } = readTargetFlags(call.verb, call.args, lifecycle, call.options.project)
      const { project, target } = call.options
      if (Object.keys(flags).length > 0) chooseTargets(lifecycle, { projects: project, targets: target, flags })
      return flags
    },
  }),
})

interface BuildCall extends Call {
  readonly options: Call['options'] & {
    readonly project: readonly string[]
    readonly target?: readonly string[]
    readonly flat: boolean
    readonly verify?: boolean
    readonly profile: boolean
  }
}

/** What differs between the verbs that build. */
interface BuildScope {
  /** Packages for these only. Default: those that are named, else all. */
  readonly targets?: readonly ResolvedTarget[]
  /** Reads the flags of targets. */
  readonly flags?: (source: FlagSource) => TargetFlags
}

/** Builds the selected projects. */
export async function runBuild(command: 'build' | 'bundle', call: BuildCall, { targets, flags = () => ({}) }: BuildScope = {}): Promise<number> {
  const began = performance.now()
  return withLifecycle(call, command, async (opened) => {
    const lifecycle = { ...opened, flags: flags(opened) }
    const { buildProject, exportTarget, proveDeterminism, selectProjects, selectTargets, writeBuild } = await import('../../lifecycle/index.ts')
    const { options, terminal } = call
    const projects = selectProjects(lifecycle.config, options.project)
    if (options.flat && projects.length !== 1) {
      throw new StkError('STK1020', { why: `--flat is for one project, and ${projects.length} are selected.`, fix: 'Add --project NAME.' })
    }
    const named = options.target !== undefined && options.target.length > 0 ? selectTargets(projects, options.target) : undefined
    const outcomes: Outcome<BuiltProject>[] = []
    for (const project of projects) {
      const wanted = targets ?? named?.filter((pair) => pair.project === project).map((pair) => pair.target)
      outcomes.push(await outcomeOf(async () => {
        const built = await buildProject(project, lifecycle, wanted)
        if (options.verify === true) await proveDeterminism(built, lifecycle)
        return built
      }))
    }
    const built = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
    const failed = outcomes.length - built.length
    // All or nothing: the output folder never holds one project of this commit and another of the last.
    const folders = failed > 0 ? [] : await Promise.all(built.map((each) => writeBuild(each, lifecycle, { flat: options.flat })))
    const exported: Outcome<unknown>[] = []
    for (const { project, packages } of failed > 0 ? [] : built) {
      for (const each of packages) exported.push(await outcomeOf(() => exportTarget(project, each, lifecycle)))
    }
    outcomes.push(...exported.filter((outcome) => !outcome.ok))
    showFailures(outcomes, terminal)
    if (options.profile) printProfile(terminal, lifecycle.host)
    const ms = performance.now() - began
    const summary = failed > 0 ? `${failed} failed, nothing was written` : `${built.length} built in ${relative(call.cwd, lifecycle.config.outDir) || '.'}`
    terminal.print(`\n  ${summary} · ${formatMs(ms)}\n`)
    terminal.event({
      type: 'result', ok: outcomes.every((outcome) => outcome.ok), ms: Math.round(ms),
      projects: built.map(({ project, bundle }, index) => ({ project: project.name, digest: bundle.digest, folder: folders[index] ?? null })),
    })
    return exitCodeOf(outcomes)
  })
}
