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

/** What a platform takes in one comment; GitHub's limit is 65,536 characters. */
const COMMENT_LIMIT = 60_000

const MARK: Readonly<Record<Risk, string>> = { 'additive': '🟢', 'locking': '🟡', 'unknown': '🟠', 'data-losing': '🔴' }

/** Plans for a pull request's comment: what is lost first, then every statement. Never longer than a comment may be. */
export function plansAsMarkdown(plans: readonly SchemaPlan[], environment: string): string {
  const head = `### Schema plan · ${environment}\n`
  const sections = plans.map(markdownSection)
  const text = [head, ...sections].join('\n')
  if (text.length <= COMMENT_LIMIT) return text
  const short = [head, ...plans.map((plan) => markdownSection({ ...plan, statements: [] }, 0, [], summaryOf(plan), plan))]
  const cut = '\n\n_Too long for a comment: the statements are in the plan file._\n'
  return short.join('\n').slice(0, COMMENT_LIMIT - cut.length) + cut
}

function markdownSection(plan: SchemaPlan, _at?: number, _all?: unknown, summary = summaryOf(plan), whole = plan): string {
  const lines = [`**${plan.project} · ${plan.alias}** — ${summary}`, '']
  const permissions = [...new Set(whole.statements.map((statement) => permission(statement, '')).filter((text) => text !== ''))]
  if (permissions.length > 0) lines.push(`> [!CAUTION]`, ...permissions.map((text) => `> \`${text}\``), '')
  for (const note of plan.unplanned) lines.push(`- ⚠️ not planned: ${oneLine(note)}`)
  if (plan.statements.length > 0) {
    lines.push('| | risk | why | |', '|---|---|---|---|')
    for (const [at, { risk, why, drops }] of plan.statements.entries()) lines.push(`| ${at + 1} | ${MARK[risk]} ${risk} | ${cell(why)} | ${drops.map((drop) => `\`${cell(drop)}\``).join(' ')} |`)
    const script = plan.statements.map(({ sql }) => `${sql};`).join('\n')
    lines.push('', '<details><summary>SQL</summary>', '', fenced(script), '', '</details>', '')
  }
  return lines.join('\n')
}

/** A fence that nothing inside can close. */
function fenced(script: string): string {
  const longest = Math.max(2, ...[...script.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}sql\n${script}\n${fence}`
}

function cell(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
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
