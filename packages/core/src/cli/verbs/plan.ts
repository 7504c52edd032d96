import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const plan = defineVerb({
  name: 'plan',
  summary: 'Show what a release would do, what breaks for clients, and what is missing; no platform is changed',
  takesTargetFlags: true,
  options: {
    ...TARGET_OPTIONS,
    out: { type: 'string', value: 'FILE', summary: 'Write the plan here, for stk release FILE' },
    format: { type: 'string', value: 'FORMAT', summary: 'Print json (the file) or markdown (for a pull request) and nothing else' },
    'detailed-exitcode': { type: 'boolean', summary: 'Exit 0 if there is nothing to do, 2 if there is, 1 if it failed' },
    'fail-on': { type: 'string', value: 'SEVERITY', summary: 'Exit 1 if something is breaking for clients, or at least risky' },
  },
  examples: [
    ['stk plan', 'every project, every target'],
    ['stk plan --out release.json --format markdown', 'in a pull request: the plan to approve, and the text of a comment'],
    ['stk release release.json', 'exactly what was approved, or nothing'],
    ['stk plan --fail-on breaking', 'in CI'],
  ],
  run: async (call) => (await import('../plan/run-plan.ts')).runPlan(call),
})
