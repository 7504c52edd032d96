import type { Impact } from '../../compat/index.ts'
import { environmentFlag, placeFlags } from '../../config/place.ts'
import { formatBytes, shortDigest } from '../../lifecycle/format.ts'
import type { ProjectPlan } from '../../lifecycle/plan/project-plan.ts'
import type { SchemaState } from '../../lifecycle/plan/schema-state.ts'
import type { Survey } from '../../lifecycle/plan/survey.ts'
import type { Release } from '../../plugin/contract.ts'
import type { Paint } from '../terminal/color.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface Printing {
  readonly environment: string
  /** Whether nothing that was asked for is missing from it. */
  readonly isWhole: boolean
  /** Where the plan was written, if it was. */
  readonly file: string | undefined
  readonly terminal: Pick<Terminal, 'print' | 'paint'>
}

/** Plans as a person reads them: a line where nothing changes, and what changes where something does. */
export function printPlans(plans: readonly ProjectPlan[], { environment, isWhole, file, terminal }: Printing): void {
  const { print, paint } = terminal
  let changes = false
  for (const { project, schema, targets } of plans) {
    for (const survey of targets) {
      changes ||= !isUnchanged(survey)
      for (const line of linesOf(survey, environment, paint)) print(`${line}\n`)
    }
    changes ||= schema.some((state) => state.kind === 'compared' && state.statements > 0)
    for (const line of schemaLines(project.name, schema, paint)) print(`${line}\n`)
  }
  if (file !== undefined) print(`\n  ${file} is written · to do exactly this   stk release ${file}${environmentFlag(environment)}\n`)
  else if (changes && isWhole) print(`\n  to do it   stk release${environmentFlag(environment)}\n`)
}

const LABEL = 9

function row(label: string, text: string): string {
  return `    ${label.padEnd(LABEL)} ${text}`
}

function isUnchanged({ plan }: Survey): boolean {
  return plan.steps.every(({ action }) => action === 'skip')
}

function linesOf(survey: Survey, environment: string, paint: Paint): readonly string[] {
  const { project, target, live } = survey
  const place = `  ${paint.bold(`${project.name} → ${target.name}`)}  ${environment}`
  const notes = secretLines(survey, environment, paint)
  if (isUnchanged(survey)) return [`${place}  no change${live === null ? '' : paint.dim(` · live: ${liveWords(live)}`)}`, ...notes]
  return ['', place, row('live', live === null ? 'nothing of ours yet: this is the first release' : `${liveWords(live)}  ${paint.dim(shortDigest(live.digest))}`),
    row('release', releaseWords(survey, paint)), ...stepLines(survey, paint), ...logicLines(survey, paint), ...clientLines(survey, paint), ...notes]
}

function liveWords({ id, at, revision }: Release): string {
  const commit = revision === undefined ? '' : ` · ${revision.replace(/^([0-9a-f]{10})[0-9a-f]*/, '$1')}`
  return `${id} since ${at.replace('T', ' ').replace(/(:\d\d)?(\.\d+)?Z$/, ' UTC')}${commit}`
}

function releaseWords({ plan, bundle }: Survey, paint: Paint): string {
  return `${shortDigest(bundle.digest)}  ${formatBytes(plan.bytes)} to send${paint.dim(` · ${Object.keys(bundle.manifest.logic).length} logics`)}`
}

/** Steps that many: an image of a dozen layers is told in a line. */
const STEPS = 8

function stepLines({ plan }: Survey, paint: Paint): readonly string[] {
  const steps = plan.steps.filter(({ action }) => action !== 'skip')
  const shown = steps.length > STEPS ? steps.filter(({ action }) => action !== 'upload') : steps
  const uploads = steps.length - shown.length
  return [
    ...(uploads === 0 ? [] : [row('', paint.dim(`upload  ${uploads} parts`))]),
    ...shown.map(({ action, subject }) => row('', paint.dim(`${action.padEnd(6)}  ${subject}`))),
  ]
}

function logicLines({ comparison, bundle }: Survey, paint: Paint): readonly string[] {
  if (comparison.kind === 'first') return [row('logic', `${Object.keys(bundle.manifest.logic).length} new`)]
  if (comparison.kind !== 'compared') return []
  const { added, changed, removed, settings } = comparison.changes
  const entries = [
    ...added.map((path) => `${paint.green('+')} ${path}`),
    ...changed.map(({ path, parts }) => `${paint.yellow('~')} ${path}  ${paint.dim(parts.join(', '))}`),
    ...removed.map((path) => `${paint.red('-')} ${path}`),
    ...(settings.length === 0 ? [] : [`${paint.yellow('~')} ${settings.join(', ')}`]),
  ]
  return rows('logic', entries)
}

/** What a screen holds of one list. */
const SHOWN = 40

function rows(label: string, entries: readonly string[]): readonly string[] {
  const shown = entries.length > SHOWN ? [...entries.slice(0, SHOWN), `and ${entries.length - SHOWN} more: stk plan --json`] : entries
  return shown.map((entry, at) => row(at === 0 ? label : '', entry))
}

function clientLines({ comparison }: Survey, paint: Paint): readonly string[] {
  if (comparison.kind === 'unknown') return [row('clients', `${paint.yellow('!')} cannot compare: ${comparison.why}`)]
  if (comparison.kind !== 'compared') return []
  const worth = comparison.changes.impacts.filter(({ severity }) => severity !== 'safe')
  if (worth.length === 0) return [row('clients', `${paint.green('✔')} nothing breaks`)]
  return rows('clients', worth.map((each) => impactWords(each, paint)))
}

function impactWords({ rule, severity, subject, what }: Impact, paint: Paint): string {
  const mark = severity === 'breaking' ? paint.red('✖ breaking') : paint.yellow('! risky   ')
  return `${mark}  ${subject}: ${what}  ${paint.dim(rule)}`
}

function secretLines({ secrets, project, target }: Survey, environment: string, paint: Paint): readonly string[] {
  if (secrets.kind === 'elsewhere') return []
  if (secrets.kind === 'with the release') return secrets.declared.length === 0 ? [] : [row('secrets', `set with the release: ${secrets.declared.join(', ')}`)]
  const lines = [
    ...(secrets.missing.length === 0 ? [] : [`${paint.red('✖')} missing: ${secrets.missing.join(', ')}; a release stops there`]),
    ...(secrets.unmanaged.length === 0 ? [] : [`${paint.yellow('!')} unmanaged: ${secrets.unmanaged.join(', ')}; there, but not declared`]),
  ].map((text, at) => row(at === 0 ? 'secrets' : '', text))
  const only = secrets.missing.map((name) => ` --only ${name}`).join('')
  return secrets.missing.length === 0 ? lines : [...lines, row('', `${paint.dim('fix')}  stk secrets push ${placeFlags({ project, target, environment })}${only}`)]
}

/** One line for each database; one for all of a project's that are not compared for the same reason. */
function schemaLines(project: string, states: readonly SchemaState[], paint: Paint): readonly string[] {
  const reasons = new Set(states.flatMap((state) => (state.kind === 'not compared' ? [state.why] : [])))
  return [
    ...states.flatMap((state) => (state.kind === 'compared' ? [schemaLine(project, state, paint)] : [])),
    ...[...reasons].map((why) => {
      const aliases = states.filter((state) => state.kind === 'not compared' && state.why === why).map(({ alias }) => alias)
      return `  ${paint.bold(`${project} · ${aliases.join(', ')}`)}  ${paint.yellow('!')} schema not compared: ${why}`
    }),
  ]
}

function schemaLine(project: string, state: Extract<SchemaState, { kind: 'compared' }>, paint: Paint): string {
  const place = `  ${paint.bold(`${project} · ${state.alias}`)}`
  if (state.statements === 0) return `${place}  schema ${state.summary}`
  return `${place}  ${state.losing > 0 ? paint.red('✖') : paint.yellow('!')} schema differs: ${state.summary}  ${paint.dim('stk schema plan')}`
}
