import type { ResolvedTarget } from '../../config/resolved.ts'
import { StkError } from '../../diagnostics/index.ts'
import { exitCodeOf, outcomeOf } from '../outcome.ts'
import { printProfile } from '../profile.ts'
import { withLifecycle, type Call } from '../session.ts'
import { formatMs } from '../terminal/reporters.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const build = defineVerb({
  name: 'build',
  summary: 'Bundle every project and package it for its targets, into dist/',
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
  run: (call) => runBuild('build', call),
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

/** Builds the selected projects; with `targets` given, packages for these only. */
export async function runBuild(command: 'build' | 'bundle', call: BuildCall, targets?: readonly ResolvedTarget[]): Promise<number> {
  const began = performance.now()
  return withLifecycle(call, command, async (lifecycle) => {
    const { buildProject, proveDeterminism, selectProjects, selectTargets, writeBuild } = await import('../../lifecycle/index.ts')
    const { options, terminal } = call
    const projects = selectProjects(lifecycle.config, options.project)
    if (options.flat && projects.length !== 1) {
      throw new StkError('STK1020', { why: `--flat is for one project, and ${projects.length} are selected.`, fix: 'Add --project NAME.' })
    }
    const named = options.target !== undefined && options.target.length > 0 ? selectTargets(projects, options.target) : undefined
    const outcomes = []
    for (const project of projects) {
      const wanted = targets ?? named?.filter((pair) => pair.project === project).map((pair) => pair.target)
      outcomes.push(await outcomeOf(async () => {
        const built = await buildProject(project, lifecycle, wanted)
        if (options.verify === true) await proveDeterminism(built, lifecycle)
        return { ...built, folder: await writeBuild(built, lifecycle, { flat: options.flat }) }
      }))
    }
    if (options.profile) printProfile(terminal, lifecycle.host)
    const built = outcomes.filter((outcome) => outcome.ok).length
    const failed = outcomes.length - built
    const summary = [`${built} built`, ...(failed === 0 ? [] : [`${failed} failed`])].join(', ')
    terminal.print(`\n  ${summary} · ${formatMs(performance.now() - began)}\n`)
    terminal.event({
      type: 'result', ok: failed === 0, ms: Math.round(performance.now() - began),
      projects: outcomes.flatMap((outcome) => (outcome.ok
        ? [{ project: outcome.value.project.name, digest: outcome.value.bundle.digest, folder: outcome.value.folder }]
        : [])),
    })
    return exitCodeOf(outcomes)
  })
}
