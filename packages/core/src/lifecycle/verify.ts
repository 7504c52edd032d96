import { freeze } from '../artifact/index.ts'
import { placeFlags } from '../config/place.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { harmless, isStkError, StkError } from '../diagnostics/index.ts'
import type { Release, Verification } from '../plugin/contract.ts'
import { findTarget } from './build.ts'
import { runPhase, targetContext, type LifecycleContext } from './context.ts'
import { liveRelease, listReleases } from './releases.ts'

/**
 * Proves that a release is live and whole.
 *
 * @param before what was live before, if the release has changed that: then one that is not healthy is rolled back where the target
 *   can, and the error says how the platform is now.
 * @throws StkError STK4006 if it is not healthy.
 */
export async function verifyRelease(
  release: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext, before?: { readonly live: Release | null },
): Promise<void> {
  const { implementation } = findTarget(target, ctx)
  if (implementation.verify === undefined) return
  await runPhase(ctx, { phase: 'verify', project: project.name, target: target.name }, async () => {
    const verification = await askTarget(release, project, target, ctx)
    if (verification.healthy) return { value: undefined, summary: verification.summary }
    tellLogs(verification, project, target, ctx)
    const what = `${release.id} was released, and then: ${verification.summary}.`
    const now = before === undefined || before.live?.id === release.id ? undefined : await takeBack(release, before.live, project, target, ctx)
    throw new StkError('STK4006', {
      why: now === undefined ? what : `${what} ${now.state}`,
      fix: now?.fix ?? `stk rollback ${placeFlags({ project, target, environment: ctx.config.environment })}`,
    })
  })
}

/** As many lines of what an unhealthy release said are shown, from the end. */
const LOG_LINES = 50

/** A longer line is cut, in characters. */
const LOG_COLUMNS = 400

/** Shows what an unhealthy release said, before it is taken back and can be asked no more. */
function tellLogs({ logs = [] }: Verification, project: ResolvedProject, target: ResolvedTarget, { report }: LifecycleContext): void {
  for (const line of logs.slice(-LOG_LINES)) {
    const text = line.length > LOG_COLUMNS ? `${line.slice(0, LOG_COLUMNS)}…` : line
    report({ type: 'note', level: 'info', message: `log  ${harmless(text)}`, project: project.name, target: target.name })
  }
}

interface Aftermath {
  /** How the platform is now. */
  readonly state: string
  readonly fix: string
}

/** Goes back to exactly what was live before, unless it still is or somebody else has released meanwhile, and says how things are. */
async function takeBack(release: Release, live: Release | null, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Aftermath> {
  const { implementation, plugin } = findTarget(target, ctx)
  const where = placeFlags({ project, target, environment: ctx.config.environment })
  const again = `Correct it, then: stk release ${where}`
  const rollback = implementation.rollback?.bind(implementation)
  try {
    if (implementation.releases !== undefined) {
      const now = await liveRelease(project, target, ctx)
      if (now?.id !== release.id) {
        if (now?.id === live?.id) return { state: now === undefined ? 'Nothing is live, as before.' : `${now.id} is live, as before.`, fix: again }
        return { state: `${now?.id ?? 'Nothing'} is live meanwhile, so nothing was rolled back.`, fix: `stk releases ${where}` }
      }
    }
    if (live === null) return { state: 'It is the first release, so there is none to go back to: it is live.', fix: again }
    // Without a list of releases nobody can tell whether going back would undo somebody else's.
    if (rollback === undefined || implementation.releases === undefined) {
      return { state: `It is live: targets of type "${target.type}" cannot roll back.`, fix: 'Check out the commit before, and release that.' }
    }
    ctx.report({ type: 'phase:progress', phase: 'verify', project: project.name, target: target.name, message: `rolling back to ${live.id}` })
    const back = freeze(await ctx.host.attribute(plugin, `target ${target.type}: rollback`, () => rollback(live, targetContext(ctx, project, target, 'verify'))))
    const verification = await askTarget(back, project, target, ctx)
    if (verification.healthy) return { state: `It was rolled back: ${live.id} is live again, as ${back.id}.`, fix: again }
    return { state: `It was rolled back: ${live.id} is live again, as ${back.id}, and is not healthy either: ${verification.summary}.`, fix: 'Look at what the Bridge says where it runs; both releases meet the same trouble.' }
  } catch (error) {
    if (!isStkError(error)) throw error
    return { state: `Going back to ${live?.id ?? 'what was live before'} failed, too: ${error.details.why.replace(/\.?$/, '.')} ${await stateNow(release, project, target, ctx)}`, fix: `stk rollback ${where}` }
  }
}

/** What is live by the platform's own word, since nobody here can know. */
async function stateNow(release: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<string> {
  try {
    for await (const { id } of listReleases(project, target, ctx)) return id === release.id ? 'It is live as it is.' : `${id} is live.`
    return 'Nothing is live.'
  } catch (error) {
    if (!isStkError(error)) throw error
    return 'What is live now cannot be asked.'
  }
}

async function askTarget(release: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Verification> {
  const { implementation, plugin } = findTarget(target, ctx)
  const verify = implementation.verify?.bind(implementation)
  if (verify === undefined) return { healthy: true, summary: 'not checked' }
  return ctx.host.attribute(plugin, `target ${target.type}: verify`, () => verify(release, targetContext(ctx, project, target, 'verify')))
}
