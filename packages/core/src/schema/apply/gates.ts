import { createHash } from 'node:crypto'
import { nearest, StkError } from '../../diagnostics/index.ts'
import type { SchemaStatement } from '../contract.ts'
import type { SchemaPlan } from '../plan/format.ts'

/** What a person has allowed, each by its name. */
export interface Allowed {
  /** `table:users`, `column:users.old`. */
  readonly drops: readonly string[]
  /** Names of statements, see {@link statementName}. */
  readonly statements: readonly string[]
}

/** How `--allow-statement` calls a statement: the beginning of its hash, so that what is allowed is this one and no other. */
export function statementName({ sql }: Pick<SchemaStatement, 'sql'>): string {
  return createHash('sha256').update(sql).digest('hex').slice(0, 12)
}

/** Everything in a plan that has to be allowed by name and is not. */
export function closedGates(plan: SchemaPlan, allowed: Allowed): { readonly drops: readonly string[]; readonly statements: readonly SchemaStatement[] } {
  const drops = [...new Set(plan.statements.flatMap((statement) => statement.drops))].sort()
  const isAllowed = (drop: string): boolean => allowed.drops.some((name) => name === drop || unqualified(name) === drop)
  return {
    drops: drops.filter((drop) => !isAllowed(drop)),
    statements: plan.statements.filter((statement) => statement.risk === 'unknown' && !allowed.statements.includes(statementName(statement))),
  }
}

/** `table:public.users` and `table:users` are one. */
function unqualified(name: string): string {
  return name.replace(/^([\w-]+:)public\./, '$1')
}

/**
 * Stops unless everything that a plan takes away, and every statement that nobody can judge, is allowed by name.
 *
 * @throws StkError STK6008, STK6009; both, if both.
 */
export function passGates(plan: SchemaPlan, allowed: Allowed): void {
  const closed = closedGates(plan, allowed)
  const errors: StkError[] = []
  const place = { project: plan.project, target: plan.alias }
  if (closed.drops.length > 0) {
    const reasons = closed.drops.map((drop) => `${drop} (${plan.statements.find(({ drops }) => drops.includes(drop))?.why ?? ''})`)
    const typo = allowed.drops.map((name) => [name, nearest(name, closed.drops)] as const).find(([, near]) => near !== undefined)
    errors.push(new StkError('STK6008', {
      why: `Not allowed: ${reasons.join(', ')}. Nothing was changed.`,
      fix: [
        ...(typo === undefined ? [] : [`Did you mean --allow-drop ${typo[1] ?? ''}, not ${typo[0]}?`]),
        `If it is to go: ${closed.drops.map((drop) => `--allow-drop ${shellWord(drop)}`).join(' ')}`,
      ],
      ...place,
    }))
  }
  if (closed.statements.length > 0) {
    errors.push(new StkError('STK6009', {
      why: `${closed.statements.map(({ sql, why }) => `${why}: ${firstLine(sql)}`).join('; ')}. Nothing was changed.`,
      fix: `Read it, then allow it: ${closed.statements.map((statement) => `--allow-statement ${statementName(statement)}`).join(' ')}`,
      ...place,
    }))
  }
  const [first, second] = errors
  if (first !== undefined) throw second === undefined ? first : first.with({ others: [second] })
}

function shellWord(text: string): string {
  return /^[\w:.-]+$/.test(text) ? text : `'${text.replaceAll(`'`, `'\\''`)}'`
}

/** Enough of a statement to know it by. */
export function firstLine(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
