import type { Release } from '../../plugin/contract.ts'
import { StkError } from '../../diagnostics/index.ts'
import { withLifecycle } from '../session.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

export const releases = defineVerb({
  name: 'releases',
  summary: 'List what was released, newest first, as the platform remembers it',
  options: {
    ...TARGET_OPTIONS,
    limit: { type: 'string', value: 'N', summary: 'At most this many for each target (default: 10)' },
  },
  examples: [['stk releases --project shop --env staging', "one project's releases to staging"]],
  async run(call) {
    const { options, terminal } = call
    const limit = Number(options.limit ?? 10)
    if (!Number.isInteger(limit) || limit < 1) throw new StkError('STK1020', { why: `--limit is "${options.limit}".`, fix: 'Give a whole number from 1.' })
    return withLifecycle(call, 'releases', async (lifecycle) => {
      const { listReleases, selectProjects, selectTargets } = await import('../../lifecycle/index.ts')
      for (const { project, target } of selectTargets(selectProjects(lifecycle.config, options.project), options.target)) {
        terminal.print(`\n  ${terminal.paint.bold(`${project.name} → ${target.name}`)}  ${lifecycle.config.environment}\n`)
        let count = 0
        for await (const release of listReleases(project, target, lifecycle)) {
          terminal.print(`  ${releaseLine(release, count === 0)}\n`)
          terminal.event({ type: 'release', live: count === 0, ...release })
          if (++count === limit) break
        }
        if (count === 0) terminal.print('  nothing yet: stk release\n')
      }
    })
  },
})

function releaseLine(release: Release, live: boolean): string {
  const notes = [
    release.revision === undefined ? '' : release.revision.replace(/^([0-9a-f]{10})[0-9a-f]*/, '$1'),
    release.restores === undefined ? '' : `restores ${release.restores}`,
  ].filter((note) => note !== '')
  return `${live ? '●' : ' '} ${release.id}  ${release.at.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}  ${notes.join('  ')}`.trimEnd()
}
