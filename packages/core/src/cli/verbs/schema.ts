import { StkError, suggestion } from '../../diagnostics/index.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

const ACTIONS = ['plan', 'apply'] as const

export const schema = defineVerb({
  name: 'schema',
  summary: 'Plan what a database needs to be what its schema files say, and apply what was approved',
  positionals: 'plan|apply [FILE]',
  options: {
    ...PROJECT_OPTION,
    alias: { type: 'string', multiple: true, short: 'a', value: 'NAME', summary: 'Only this database; may be repeated (default: all with schema files)' },
    out: { type: 'string', value: 'FILE', summary: 'plan: write the plan here, for stk schema apply FILE' },
    format: { type: 'string', value: 'FORMAT', summary: 'plan: print sql, json or markdown (for a pull request) and nothing else' },
    'detailed-exitcode': { type: 'boolean', summary: 'plan: exit 0 if there is nothing to do, 2 if there is, 1 if it failed' },
    'allow-drop': { type: 'string', multiple: true, value: 'NAME', summary: 'apply: let this go: table:users, column:users.old; once for each' },
    'allow-statement': { type: 'string', multiple: true, value: 'ID', summary: 'apply: run this statement, which nobody can judge; once for each' },
    'no-wait': { type: 'boolean', summary: 'apply: leave if another change of the database is running' },
    'dry-run': { type: 'boolean', summary: 'apply: check everything and change nothing' },
    yes: { type: 'boolean', short: 'y', summary: 'apply: do not ask' },
  },
  examples: [
    ['stk schema plan', 'what would be done, and what it risks'],
    ['stk schema plan --out plan.json --format markdown', 'in a pull request: the plan to approve, and the text of a comment'],
    ['stk schema apply plan.json', 'exactly what was approved, or nothing'],
    ['stk schema apply --allow-drop column:users.old', 'plans, asks, applies; the column may go'],
  ],
  async run(call) {
    const [action = '', ...rest] = call.positionals
    if (action === 'plan' && rest.length === 0) return (await import('../schema/plan.ts')).runSchemaPlan(call)
    if (action === 'apply' && rest.length <= 1) return (await import('../schema/apply.ts')).runSchemaApply(call, rest[0])
    if (rest.length > 0 && ACTIONS.some((known) => known === action)) {
      throw new StkError('STK1020', { why: `"${rest.at(-1) ?? ''}" is one argument too many.`, fix: 'stk schema --help' })
    }
    throw new StkError('STK1020', { why: `stk schema takes plan or apply${action === '' ? '' : `, not "${action}"`}.`, fix: suggestion(action, ACTIONS) })
  },
})
