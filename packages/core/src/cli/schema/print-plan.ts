import type { Risk, SchemaStatement } from '../../schema/contract.ts'
import { statementName } from '../../schema/apply/gates.ts'
import type { SchemaPlan } from '../../schema/plan/format.ts'
import type { Paint } from '../terminal/color.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A plan as a person reads it: each statement with what it risks, and what has to be allowed for it. */
export function printPlan(plan: SchemaPlan, { paint, print }: Pick<Terminal, 'paint' | 'print'>): void {
  for (const note of plan.unplanned) print(`  ${paint.yellow('!')} ${plan.project}.${plan.alias}: ${note}, and ${plan.engine.name} does nothing about it\n`)
  if (plan.statements.length === 0) return
  print(`\n  ${paint.bold(`${plan.project}.${plan.alias}`)}  ${paint.dim(`${plan.driver} · ${plan.engine.name}${plan.engine.version === null ? '' : ` ${plan.engine.version}`}`)}\n`)
  for (const [at, statement] of plan.statements.entries()) printStatement(statement, at + 1, paint, print)
}

/** One statement of a plan. @param number from 1. */
export function printStatement(statement: SchemaStatement, number: number, paint: Paint, print: (text: string) => void): void {
  const { sql, risk, why, transactional } = statement
  print(`  ${String(number).padStart(3)}  ${colour(risk, paint)(risk)}  ${why}${transactional ? '' : paint.dim('  · outside of the transaction')}\n`)
  for (const line of `${sql};`.split('\n')) print(`       ${paint.dim(line)}\n`)
  for (const drop of statement.drops) print(`       ${paint.red('needs')} --allow-drop ${drop}\n`)
  if (risk === 'unknown') print(`       ${paint.red('needs')} --allow-statement ${statementName(statement)}\n`)
}

function colour(risk: Risk, paint: Paint): (text: string) => string {
  return risk === 'additive' ? paint.green : risk === 'data-losing' ? paint.red : paint.yellow
}
