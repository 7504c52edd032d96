import { StkError } from '../../diagnostics/index.ts'
import { runRelease } from '../run-release.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const deploy = defineVerb({
  name: 'deploy',
  summary: 'Build and release one target in one go',
  positionals: 'TARGET',
  takesTargetFlags: true,
  options: {
    ...PROJECT_OPTION,
    'push-secrets': { type: 'boolean', summary: 'Set all declared secrets with the release, where the platform takes them so' },
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask' },
    'dry-run': { type: 'boolean', summary: 'Show what would be done and change nothing' },
    profile: { type: 'boolean', summary: 'Show how long each plugin took' },
  },
  examples: [
    ['stk deploy tarball --project shop', 'one project to one target'],
    ['stk deploy image --help', 'the flags of that target, too'],
  ],
  async run(call) {
    if (call.positionals.length === 0) throw oneTarget()
    return runRelease('deploy', call, ({ positionals }) => {
      const [target, ...rest] = positionals
      if (target === undefined || rest.length > 0) throw oneTarget()
      return { projects: call.options.project, targets: [target] }
    })
  },
})

function oneTarget(): StkError {
  return new StkError('STK1020', { why: 'stk deploy takes one target.', fix: 'stk deploy TARGET; stk inspect shows the targets there are.' })
}
