import { cell, code, COMMENT_LIMIT, cutAtLine, fenced, oneLine } from '../../diagnostics/markdown.ts'
import type { Risk, SchemaStatement } from '../contract.ts'
import { statementName } from '../apply/gates.ts'
import type { SchemaPlan } from './format.ts'

/** Plans as SQL, with what each statement risks in a comment above it. Does nothing but what it says when it is run. */
export function plansAsSql(plans: readonly SchemaPlan[]): string {
  return plans.map((plan) => {
    const head = `-- ${plan.project}.${plan.alias}: ${summaryOf(plan)}`
    const notes = plan.unplanned.map((note) => `-- not planned: ${oneLine(note)}`)
    const statements = plan.statements.map((statement) => `-- ${statement.risk}: ${oneLine(statement.why)}${permission(statement, '\n-- needs ')}\n${statement.sql};`)
    return `${[head, ...notes, ...statements].join('\n')}\n`
  }).join('\n')
}

const MARK: Readonly<Record<Risk, string>> = { 'additive': '🟢', 'locking': '🟡', 'unknown': '🟠', 'data-losing': '🔴' }

/** Plans for a pull request's comment: what has to be allowed first, then every statement. Never longer than a comment may be. */
export function plansAsMarkdown(plans: readonly SchemaPlan[], environment: string): string {
  const head = `### Schema plan · ${environment}\n`
  const whole = [head, ...plans.map((plan) => [...markdownHead(plan), ...markdownStatements(plan)].join('\n'))].join('\n')
  if (whole.length <= COMMENT_LIMIT) return whole
  const note = '\n\n_Too long for a comment: the statements are in the plan file._\n'
  const short = [head, ...plans.map((plan) => markdownHead(plan).join('\n'))].join('\n')
  return cutAtLine(short, COMMENT_LIMIT - note.length) + note
}

/** What a plan comes to, and what has to be said for it. */
function markdownHead(plan: SchemaPlan): readonly string[] {
  const permissions = [...new Set(plan.statements.map((statement) => permission(statement, '')).filter((text) => text !== ''))]
  return [
    `**${plan.project} · ${plan.alias}** — ${summaryOf(plan)}`, '',
    ...(permissions.length === 0 ? [] : ['> [!CAUTION]', ...permissions.map((text) => `> ${code(text)}`), '']),
    ...(plan.unplanned.length === 0 ? [] : [...plan.unplanned.map((note) => `- ⚠️ not planned: ${oneLine(note)}`), '']),
  ]
}

function markdownStatements({ statements }: SchemaPlan): readonly string[] {
  if (statements.length === 0) return []
  return [
    '| | risk | why | |', '|---|---|---|---|',
    ...statements.map(({ risk, why, drops }, at) => `| ${at + 1} | ${MARK[risk]} ${risk} | ${cell(why)} | ${drops.map((drop) => code(cell(drop))).join(' ')} |`),
    '', '<details><summary>SQL</summary>', '', fenced(statements.map(({ sql }) => `${sql};`).join('\n'), 'sql'), '', '</details>', '',
  ]
}

/** What has to be said for a statement to run. */
function permission(statement: SchemaStatement, before: string): string {
  const words = statement.drops.map((drop) => `--allow-drop ${drop}`)
  if (statement.risk === 'unknown') words.push(`--allow-statement ${statementName(statement)}`)
  return words.length === 0 ? '' : before + words.join(' ')
}

/** `3 statements: 1 additive, 2 data-losing`, `up to date`. */
export function summaryOf({ statements, unplanned }: Pick<SchemaPlan, 'statements' | 'unplanned'>): string {
  const counts = (['additive', 'locking', 'unknown', 'data-losing'] as const)
    .map((risk) => [statements.filter((statement) => statement.risk === risk).length, risk] as const).filter(([count]) => count > 0)
    .map(([count, risk]) => `${count} ${risk}`)
  const planned = statements.length === 0 ? 'up to date' : `${statements.length} statement${statements.length === 1 ? '' : 's'}: ${counts.join(', ')}`
  return unplanned.length === 0 ? planned : `${statements.length === 0 ? 'nothing to do' : planned}; ${unplanned.length} not planned`
}
