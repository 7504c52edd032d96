import { StkError } from '../../diagnostics/index.ts'
import { withLifecycle } from '../session.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const promote = defineVerb({
  name: 'promote',
  summary: 'Make what one environment runs live in another, as it is: nothing is built',
  positionals: '[RELEASE]',
  options: {
    ...TARGET_OPTIONS,
    from: { type: 'string', value: 'NAME', summary: 'The environment to take it from' },
    to: { type: 'string', value: 'NAME', summary: 'The environment to make it live in (default: that of --env)' },
    yes: { type: 'boolean', short: 'y', summary: 'Do not ask' },
    'dry-run': { type: 'boolean', summary: 'Show what would be done and change nothing' },
  },
  examples: [
    ['stk promote --from staging --project shop --target image', 'what staging runs goes live in production'],
    ['stk promote --from staging --to canary --project shop --target image 0007-3f2a91c8d0e1', 'that release of it, elsewhere'],
  ],
  async run(call) {
    const { options: { from: fromName, to: toName, ...options }, positionals, terminal, signal } = call
    if (fromName === undefined) throw usage('stk promote needs the environment to take a release from.', 'stk promote --from staging')
    if (positionals.length > 1) throw usage('stk promote takes one release at most.', 'stk promote --help')
    if (toName !== undefined && options.env !== undefined && toName !== options.env) throw usage(`--to says ${toName}, and --env says ${options.env}.`, 'Keep --to.')
    const session = { ...call, options }
    return withLifecycle({ ...session, options: { ...options, env: toName ?? options.env } }, 'promote', async (to) =>
      withLifecycle({ ...session, options: { ...options, env: fromName } }, 'promote', async (from) => {
        if (from.config.environment === to.config.environment) {
          throw usage(`Both environments are ${to.config.environment}.`, 'Name another one with --from or --to.')
        }
        const { findPromotion, promoteTarget, selectProjects, selectTargets } = await import('../../lifecycle/index.ts')
        const pairs = selectTargets(selectProjects(to.config, options.project), options.target)
        const [pair, ...more] = pairs
        if (pair === undefined || more.length > 0) {
          const selected = pairs.map(({ project, target }) => `${project.name} → ${target.name}`).join(', ')
          throw usage(`A promotion is for one project and one target, and ${pairs.length} are selected: ${selected}.`, 'stk promote --from NAME --project NAME --target NAME')
        }
        const [sourcePair = pair] = selectTargets(selectProjects(from.config, [pair.project.name]), [pair.target.name])
        const source = { pair: sourcePair, ctx: from }
        const destination = { pair, ctx: to }
        const promotion = await findPromotion(source, destination, positionals[0])
        const { from: release, live } = promotion
        const what = `${pair.project.name} → ${pair.target.name}: ${release.id} of ${from.config.environment}, released ${release.at}, live in ${to.config.environment}`
        const asItIs = `It goes as it was built: with the settings of ${from.config.environment}.`
        if (options['dry-run']) {
          terminal.print(`\n  Would make ${what}. Live there now: ${live?.id ?? 'nothing'}. ${asItIs} Nothing was changed.\n`)
          terminal.event({ type: 'result', ok: true, dryRun: true, from: release, live: live ?? null })
          return
        }
        if (!options.yes) {
          if (!terminal.interactive) throw new StkError('STK1021', { why: `Making ${what} needs a yes, and there is no terminal to ask on.`, fix: 'Add --yes.' })
          if (!(await terminal.confirm(`Make ${what}? Live there now: ${live?.id ?? 'nothing'}. ${asItIs}`, signal))) {
            signal.throwIfAborted()
            throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
          }
        }
        const promoted = await promoteTarget(promotion, source, destination)
        terminal.event({ type: 'result', ok: true, release: promoted })
      }))
  },
})

function usage(why: string, fix: string): StkError {
  return new StkError('STK1020', { why, fix })
}
