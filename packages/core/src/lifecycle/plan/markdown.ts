import type { Impact, Severity } from '../../compat/index.ts'
import { cell, code, COMMENT_LIMIT, cutAtLine } from '../../diagnostics/markdown.ts'
import { formatBytes, shortDigest } from '../format.ts'
import type { ProjectPlan } from './project-plan.ts'
import { missingSecrets } from './project-plan.ts'
import type { SchemaState } from './schema-state.ts'
import { changesRelease, type Survey } from './survey.ts'

const MARK: Readonly<Record<Severity, string>> = { breaking: '🔴', risky: '🟡', safe: '🟢' }

/**
 * Plans for a pull request's comment. It begins with a mark that stays the same for an environment, so that the next one can replace it,
 * and is never longer than a comment may be.
 */
export function plansAsMarkdown(plans: readonly ProjectPlan[], environment: string): string {
  const surveys = plans.flatMap(({ targets }) => targets)
  const still = surveys.filter((survey) => !changesRelease(survey))
  const lines = [
    `<!-- santokit plan: ${environment.replaceAll('--', '- -')} -->`,
    `### Release plan · ${cell(environment)}`, '',
    ...surveys.filter(changesRelease).flatMap(changeLines),
    ...plans.flatMap(({ project, schema }) => schema.flatMap((state) => schemaLines(project.name, state))),
    ...still.flatMap((survey) => [`- ${placeOf(survey)}: no change`, ...secretLines(survey)]),
  ]
  const whole = `${lines.join('\n').trimEnd()}\n`
  if (whole.length <= COMMENT_LIMIT) return whole
  const note = '\n\n_Too long for a comment: `stk plan` shows all of it._\n'
  return closed(cutAtLine(whole, COMMENT_LIMIT - note.length - 20)) + note
}

function changeLines(survey: Survey): readonly string[] {
  const { live, plan, bundle } = survey
  const from = live === null ? 'first release' : `live: ${code(live.id)} (${shortDigest(live.digest)})`
  return [
    `**${placeOf(survey)}** — ${from} → ${shortDigest(bundle.digest)}, ${formatBytes(plan.bytes)} to send`, '',
    ...secretLines(survey), ...clientLines(survey), ...logicLines(survey), '',
  ]
}

function placeOf({ project, target }: Survey): string {
  return `${cell(project.name)} → ${cell(target.name)}`
}

function clientLines({ comparison }: Survey): readonly string[] {
  if (comparison.kind === 'unknown') return [`> [!WARNING]`, `> What changes for clients cannot be compared: ${cell(comparison.why)}`, '']
  if (comparison.kind !== 'compared') return []
  const { impacts } = comparison.changes
  const count = (severity: Severity): number => impacts.filter((each) => each.severity === severity).length
  const breaking = count('breaking')
  const worth = impacts.filter(({ severity }) => severity !== 'safe')
  if (worth.length === 0) return ['🟢 Nothing breaks for clients.', '']
  return [
    ...(breaking === 0 ? [] : ['> [!CAUTION]', `> ${breaking} breaking change${breaking === 1 ? '' : 's'} for clients`, '']),
    '| | logic | change | rule |', '|---|---|---|---|', ...worth.map(impactRow), '',
  ]
}

function impactRow({ rule, severity, subject, what }: Impact): string {
  return `| ${MARK[severity]} ${severity} | ${cell(subject)} | ${cell(what)} | ${code(rule)} |`
}

function logicLines({ comparison, bundle }: Survey): readonly string[] {
  if (comparison.kind === 'first') return [`${Object.keys(bundle.manifest.logic).length} logics, all new`]
  if (comparison.kind !== 'compared') return []
  const { added, changed, removed, settings } = comparison.changes
  const lines = [
    ...added.map((path) => `- added ${code(path)}`),
    ...changed.map(({ path, parts }) => `- changed ${code(path)}: ${parts.join(', ')}`),
    ...removed.map((path) => `- removed ${code(path)}`),
    ...(settings.length === 0 ? [] : [`- changed ${settings.join(', ')}`]),
  ]
  if (lines.length === 0) return []
  return ['<details><summary>Logic: ' + `${added.length} added, ${changed.length} changed, ${removed.length} removed</summary>`, '', ...lines, '', '</details>']
}

function secretLines(survey: Survey): readonly string[] {
  const missing = missingSecrets(survey)
  if (missing.length > 0) return ['> [!CAUTION]', `> Secrets are missing, and a release stops there: ${missing.map(code).join(', ')}`, '']
  const { secrets } = survey
  return secrets.kind === 'on the platform' && secrets.unmanaged.length > 0 ? [`- unmanaged secrets: ${secrets.unmanaged.map(code).join(', ')}`] : []
}

function schemaLines(project: string, state: SchemaState): readonly string[] {
  const place = `${cell(project)} · ${cell(state.alias)}`
  if (state.kind === 'not compared') return [`- ${place}: schema not compared: ${cell(state.why)}`]
  return state.statements === 0 ? [] : [`- ${state.losing > 0 ? '🔴' : '🟡'} ${place}: schema differs: ${cell(state.summary)}`]
}

/** A cut must not leave the rest of the page inside a fold. */
function closed(text: string): string {
  const open = text.split('<details>').length - text.split('</details>').length
  return open > 0 ? `${text}\n\n</details>` : text
}
