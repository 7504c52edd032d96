import { placeFlags } from '../../config/place.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { SecretsDiff } from '../../lifecycle/platform-secrets.ts'
import type { ProjectTarget } from '../../lifecycle/select.ts'
import { exitCodeOf, outcomeOf, showFailures, type Outcome } from '../outcome.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Shows what each platform lacks and what it has that nobody declared. @returns 1 if a required name is missing somewhere. */
export async function showDiff(pairs: readonly ProjectTarget[], lifecycle: OpenedLifecycle, terminal: Terminal): Promise<number> {
  const { diffSecrets } = await import('../../lifecycle/index.ts')
  const outcomes: Outcome<SecretsDiff>[] = []
  for (const { project, target } of pairs) outcomes.push(await outcomeOf(() => diffSecrets(project, target, lifecycle)))
  const diffs = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
  for (const diff of diffs) printDiff(diff, lifecycle, terminal)
  showFailures(outcomes, terminal)
  const missing = diffs.some((diff) => diff.missing.length > 0)
  terminal.event({ type: 'result', ok: !missing && diffs.length === outcomes.length, targets: diffs.map(diffData) })
  if (diffs.length > 0) terminal.print('\n')
  return exitCodeOf(outcomes) || (missing ? 1 : 0)
}

function printDiff(diff: SecretsDiff, { config }: OpenedLifecycle, { print, paint }: Terminal): void {
  print(`\n  ${placeLine(diff, config.environment, paint.bold)}\n`)
  const row = (mark: string, names: readonly string[], note: string): void => {
    for (const name of names) print(`  ${mark} ${name}  ${paint.dim(note)}\n`)
  }
  row(paint.red('✖'), diff.missing, diff.unreleased ? 'missing; the first release sets it' : 'missing')
  row(' ', diff.optional, 'not set, optional')
  row(paint.yellow('!'), diff.unmanaged, 'unmanaged: there, but not declared')
  row(paint.green('✔'), diff.present, 'present')
  if (diff.missing.length > 0 && !diff.unreleased) {
    print(`    ${paint.dim('fix')}  stk secrets push ${placeFlags({ ...diff, environment: config.environment })}${diff.missing.map((name) => ` --only ${name}`).join('')}\n`)
  }
}

/** Which platform is spoken of: `shop → edge  staging`. */
export function placeLine({ project, target }: Pick<SecretsDiff, 'project' | 'target'>, environment: string, bold: (text: string) => string): string {
  return `${bold(`${project.name} → ${target.name}`)}  ${environment}`
}

/** A diff as plain data. */
function diffData({ project, target, ...names }: SecretsDiff): Readonly<Record<string, unknown>> {
  return { project: project.name, target: target.name, ...names }
}
