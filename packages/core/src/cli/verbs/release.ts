import { defineVerb, TARGET_OPTIONS } from '../verb.ts'
import { runRelease } from '../run-release.ts'

export const release = defineVerb({
  name: 'release',
  summary: 'Build, prove the secrets, make it live on every target, and verify; or do exactly what a plan says',
  positionals: '[PLAN]',
  takesTargetFlags: true,
  options: {
    ...TARGET_OPTIONS,
    'push-secrets': { type: 'boolean', summary: 'Set all declared secrets with the release, where the platform takes them so' },
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask' },
    'dry-run': { type: 'boolean', summary: 'Show what would be done and change nothing' },
    profile: { type: 'boolean', summary: 'Show how long each plugin took' },
  },
  examples: [
    ['stk release', 'asks, then releases every project to every target'],
    ['stk release --yes --env staging', 'in CI'],
    ['stk release --dry-run', 'what would be done'],
    ['stk release release.json', 'what stk plan --out wrote, exactly that or nothing'],
  ],
  run: (call) => runRelease('release', call, () => ({ projects: call.options.project, targets: call.options.target })),
})
