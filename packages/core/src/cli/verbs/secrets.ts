import { StkError, suggestion } from '../../diagnostics/index.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { ProjectTarget } from '../../lifecycle/select.ts'
import type { SecretsTemplateFormat } from '../../secrets/template.ts'
import { writeOutFile } from '../out-file.ts'
import { runPush } from '../secrets/push.ts'
import { printReport } from '../secrets/report.ts'
import { showDiff } from '../secrets/diff.ts'
import { withLifecycle } from '../session.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { defineVerb, TARGET_OPTIONS } from '../verb.ts'

const ACTIONS = ['template', 'check', 'diff', 'push'] as const
type Action = (typeof ACTIONS)[number]

export const secrets = defineVerb({
  name: 'secrets',
  summary: 'Write a template of the declared secrets, check them, compare and set them on a platform. Never shows a value',
  positionals: ACTIONS.join('|'),
  options: {
    ...TARGET_OPTIONS,
    format: { type: 'string', value: 'FORMAT', summary: 'template: dotenv, docker-env, k8s-secret or compose (default: dotenv)' },
    out: { type: 'string', value: 'FILE', summary: 'template: write here (default for dotenv: .env.example; - for stdout)' },
    only: { type: 'string', multiple: true, value: 'NAME', summary: 'push: only this secret; may be repeated (default: all that are declared)' },
    prune: { type: 'boolean', summary: 'push: also remove what is there and not declared; asked for by itself' },
    yes: { type: 'boolean', short: 'y', summary: 'push: do not ask' },
    'dry-run': { type: 'boolean', summary: 'push: show what would be set and change nothing' },
  },
  examples: [
    ['stk secrets template', 'writes .env.example'],
    ['stk secrets template --format k8s-secret --out -', 'what Kubernetes must inject, names only'],
    ['stk secrets check', 'proves each name readable and well-formed'],
    ['stk secrets diff --target edge', 'what the platform lacks, and what nobody declared'],
    ['stk secrets push --target edge --only DATABASE_URL', 'sets one, after asking'],
  ],
  async run(call) {
    const { options, terminal } = call
    const action = actionOf(call.positionals)
    refuseStrangers(action, options)
    return withLifecycle(call, `secrets ${action}`, async (lifecycle) => {
      const { selectProjects, selectTargets } = await import('../../lifecycle/select.ts')
      const projects = selectProjects(lifecycle.config, options.project)
      if (action === 'template') {
        const { SECRETS_TEMPLATE_FORMATS, secretsTemplate } = await import('../../secrets/index.ts')
        const format = formatNamed(options.format ?? 'dotenv', SECRETS_TEMPLATE_FORMATS)
        return writeTemplate(secretsTemplate(projects, format), options.out ?? (format === 'dotenv' ? '.env.example' : '-'), lifecycle.config.root, terminal)
      }
      if (action === 'check') {
        const { checkSecrets } = await import('../../secrets/index.ts')
        return printReport(await checkSecrets(projects, lifecycle), terminal)
      }
      const pairs = withSinks(selectTargets(projects, options.target), options.target, lifecycle)
      if (action === 'diff') return showDiff(pairs, lifecycle, terminal)
      return runPush(pairs, { only: options.only, prune: options.prune, yes: options.yes, dryRun: options['dry-run'] }, lifecycle, call)
    })
  },
})

function actionOf([action = '', ...rest]: readonly string[]): Action {
  const found = ACTIONS.find((known) => known === action)
  if (found !== undefined && rest.length === 0) return found
  throw new StkError('STK1020', {
    why: `stk secrets takes one of ${ACTIONS.join(', ')}${action === '' || found !== undefined ? '' : `, not "${action}"`}.`, fix: suggestion(action, ACTIONS),
  })
}

/** Which options belong to which actions; the others are everyone's. */
const OWNERS: Readonly<Record<string, readonly Action[]>> = {
  format: ['template'], out: ['template'], only: ['push'], prune: ['push'], yes: ['push'], 'dry-run': ['push'], target: ['diff', 'push'],
}

/** An option that would have no effect is refused: with `diff --prune` somebody expects that something goes. */
function refuseStrangers(action: Action, options: Readonly<Record<string, unknown>>): void {
  for (const [name, owners] of Object.entries(OWNERS)) {
    const value = options[name]
    const given = value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
    if (given && !owners.includes(action)) {
      throw new StkError('STK1020', { why: `--${name} is for stk secrets ${owners.join(' and ')}.`, fix: `stk secrets ${owners[0] ?? ''} --${name}` })
    }
  }
}

/** Without names, the targets that can be given secrets; one that is named and cannot is refused with what to do instead. */
function withSinks(pairs: readonly ProjectTarget[], named: readonly string[], { host }: OpenedLifecycle): readonly ProjectTarget[] {
  if (named.length > 0) return pairs
  const able = pairs.filter(({ target }) => host.target(target.type)?.target.secrets !== undefined)
  return able.length === 0 ? pairs : able
}

function formatNamed(name: string, formats: readonly SecretsTemplateFormat[]): SecretsTemplateFormat {
  const format = formats.find((candidate) => candidate === name)
  if (format === undefined) throw new StkError('STK1020', { why: `There is no format "${name}".`, fix: suggestion(name, formats) })
  return format
}

async function writeTemplate(text: string, out: string, root: string, terminal: Terminal): Promise<void> {
  if (out === '-') {
    terminal.print(text)
    terminal.event({ type: 'result', ok: true, template: text })
    return
  }
  await writeOutFile(root, out, text)
  terminal.print(`\n  ${terminal.paint.green('✔')} ${out}  names only; commit it\n`)
  terminal.event({ type: 'result', ok: true, file: out })
}
