import { StkError } from '../../diagnostics/index.ts'
import { runRelease } from '../run-release.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const deploy = defineVerb({
  name: 'deploy',
  summary: 'Build and release one target in one go',
  positionals: 'TARGET',
  options: {
    ...PROJECT_OPTION,
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask' },
    'dry-run': { type: 'boolean', summary: 'Show what would be done and change nothing' },
    profile: { type: 'boolean', summary: 'Show how long each plugin took' },
  },
  examples: [['stk deploy tarball --project shop', 'one project to one target']],
  async run(call) {
    const [target, ...rest] = call.positionals
    if (target === undefined || rest.length > 0) {
      throw new StkError('STK1020', { why: 'stk deploy takes one target.', fix: 'stk deploy TARGET; stk inspect shows the targets there are.' })
    }
    return runRelease('deploy', call, { projects: call.options.project, targets: [target] })
  },
})
