import { isStkError, StkError } from '../../diagnostics/index.ts'
import type { TargetFlags } from '../../plugin/contract.ts'
import { withLifecycle } from '../session.ts'
import { chooseTargets, readTargetFlags } from '../target-flags.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const rollback = defineVerb({
  name: 'rollback',
  summary: 'Make the previous release live again, or the one that is named',
  positionals: '[RELEASE]',
  takesTargetFlags: true,
  options: {
    ...TARGET_OPTIONS,
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask' },
    'dry-run': { type: 'boolean', summary: 'Show what would be done and change nothing' },
  },
  examples: [
    ['stk rollback --project shop --target tarball', 'back to what was live before'],
    ['stk rollback --project shop --target tarball 0007-3f2a91c8d0e1', 'back to that release'],
  ],
  async run(call) {
    const { options, terminal, signal } = call
    return withLifecycle(call, 'rollback', async (opened) => {
      const { findRollback, listReleases, rollbackTarget } = await import('../../lifecycle/index.ts')
      const { flags, positionals } = readTargetFlags(call.verb, call.args, opened, options.project)
      const lifecycle = { ...opened, flags }
      const pairs = chooseTargets(opened, { projects: options.project, targets: options.target, flags })
      const [pair, ...more] = pairs
      if (pair === undefined || more.length > 0) {
        throw new StkError('STK1020', {
          why: `A rollback is for one project and one target, and ${pairs.length} are selected: ${pairs.map(({ project, target }) => `${project.name} → ${target.name}`).join(', ')}.`,
          fix: 'stk rollback --project NAME --target NAME',
        })
      }
      const place = `${pair.project.name} → ${pair.target.name} (${lifecycle.config.environment})`
      const to = await findRollback(listReleases(pair.project, pair.target, lifecycle), positionals[0], place)
      const what = `${place} back to ${to.id}, released ${to.at}`
      if (options['dry-run']) {
        terminal.print(`\n  Would take ${what}. Nothing was changed.\n`)
        terminal.event({ type: 'result', ok: true, dryRun: true, to })
        return
      }
      if (!options.yes) {
        if (!terminal.interactive) throw new StkError('STK1021', { why: `Taking ${what} needs a yes, and there is no terminal to ask on.`, fix: 'Add --yes.' })
        if (!(await terminal.confirm(`Take ${what}?`, signal))) {
          signal.throwIfAborted()
          throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
        }
      }
      const rollBack = (more: TargetFlags) => rollbackTarget(pair.project, pair.target, to, { ...lifecycle, flags: { ...flags, ...more } })
      const release = await rollBack({}).catch(async (error: unknown) => rollBack(await accepted(error, terminal, signal)))
      terminal.event({ type: 'result', ok: true, release })
    })
  },
})

/** The flag with which what was refused is done after all, if there is one and the person says yes to it. @throws the refusal otherwise. */
async function accepted(error: unknown, terminal: Terminal, signal: AbortSignal): Promise<TargetFlags> {
  const accept = isStkError(error) ? error.details.accept : undefined
  if (accept === undefined || !terminal.interactive || !(await terminal.confirm(accept.question, signal))) throw error
  return { [accept.flag]: true }
}
