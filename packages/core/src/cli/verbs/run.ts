import type { ResolvedProject } from '../../config/resolved.ts'
import { StkError, throwAll } from '../../diagnostics/index.ts'
import { childEnvironment } from '../../secrets/child-environment.ts'
import type { SecretValue } from '../../secrets/secret-value.ts'
import { withLifecycle } from '../session.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const run = defineVerb({
  name: 'run',
  summary: "Run a command with a project's secrets in its environment",
  positionals: '-- COMMAND [ARGUMENT…]',
  options: {
    ...PROJECT_OPTION,
    keep: { type: 'string', multiple: true, value: 'NAME', summary: "Also pass on this variable of stk's own environment; may be repeated" },
    inherit: { type: 'boolean', summary: "Pass on all of stk's own environment" },
  },
  examples: [
    ['stk run --project shop -- node scripts/seed.js', 'a script with DATABASE_URL and the like'],
    ['stk run --env staging -- psql', 'what reads PG* variables: --keep PGUSER'],
    ["stk run -- sh -c 'psql \"$DATABASE_URL\"'", 'where a shell is needed, name it'],
  ],
  async run(call) {
    const command = commandOf(call.args, call.positionals)
    const values = await withLifecycle(call, 'run', async (lifecycle) => {
      const { readRunSecrets, selectProjects } = await import('../../lifecycle/index.ts')
      const projects = selectProjects(lifecycle.config, call.options.project)
      const found = []
      for (const project of projects) found.push({ project, values: await readRunSecrets(project, lifecycle) })
      return together(found)
    })
    const { runCommand } = await import('../child-process.ts')
    const own = call.options.inherit ? definedOnly(call.env) : childEnvironment(call.env, call.options.keep)
    const env = { ...own, ...Object.fromEntries([...values].map(([name, value]) => [name, value.reveal()])) }
    call.signal.throwIfAborted()
    call.handOverSignals()
    return runCommand(command, { cwd: call.cwd, env })
  },
})

/** What stands behind `--`: nothing of it is read as an option of ours. */
function commandOf(args: readonly string[], positionals: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  const command = end === -1 ? [] : args.slice(end + 1)
  if (command.length > 0 && command.length === positionals.length) return command
  throw new StkError('STK1020', { why: 'The command stands behind two dashes.', fix: 'stk run --project NAME -- node server.js' })
}

/** Several projects share one environment only where they agree. */
function together(
  found: readonly { readonly project: ResolvedProject; readonly values: ReadonlyMap<string, SecretValue> }[],
): ReadonlyMap<string, SecretValue> {
  const all = new Map<string, { readonly value: SecretValue; readonly project: string }>()
  const clashes: StkError[] = []
  for (const { project, values } of found) {
    for (const [name, value] of values) {
      const known = all.get(name)
      if (known === undefined) all.set(name, { value, project: project.name })
      else if (known.value.reveal() !== value.reveal()) {
        clashes.push(new StkError('STK1020', { why: `${name} is not the same for "${known.project}" and "${project.name}".`, fix: `stk run --project ${project.name} -- …` }))
      }
    }
  }
  throwAll(clashes)
  return new Map([...all].map(([name, { value }]) => [name, value]))
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
