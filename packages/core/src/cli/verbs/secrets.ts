import { StkError, suggestion } from '../../diagnostics/index.ts'
import type { SecretsReport } from '../../secrets/check.ts'
import type { SecretsTemplateFormat } from '../../secrets/template.ts'
import { withLifecycle } from '../session.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const secrets = defineVerb({
  name: 'secrets',
  summary: 'Write a template of the declared secrets, or check that each can be read. Never shows a value',
  positionals: 'template|check',
  options: {
    ...PROJECT_OPTION,
    format: { type: 'string', value: 'FORMAT', summary: 'template: dotenv, docker-env, k8s-secret or compose (default: dotenv)' },
    out: { type: 'string', value: 'FILE', summary: 'template: write here (default for dotenv: .env.example; - for stdout)' },
  },
  examples: [
    ['stk secrets template', 'writes .env.example'],
    ['stk secrets template --format k8s-secret --out -', 'what Kubernetes must inject, names only'],
    ['stk secrets check', 'proves each name resolvable'],
  ],
  async run(call) {
    const [action = '', ...rest] = call.positionals
    if (rest.length > 0 || !['template', 'check'].includes(action)) {
      throw new StkError('STK1020', { why: `stk secrets takes one of template and check${action === '' ? '' : `, not "${action}"`}.`, fix: suggestion(action, ['template', 'check']) })
    }
    return withLifecycle(call, `secrets ${action}`, async (lifecycle) => {
      const { selectProjects } = await import('../../lifecycle/select.ts')
      const projects = selectProjects(lifecycle.config, call.options.project)
      if (action === 'template') {
        const { SECRETS_TEMPLATE_FORMATS, secretsTemplate } = await import('../../secrets/index.ts')
        const format = formatNamed(call.options.format ?? 'dotenv', SECRETS_TEMPLATE_FORMATS)
        return writeTemplate(secretsTemplate(projects, format), call.options.out ?? (format === 'dotenv' ? '.env.example' : '-'), lifecycle.config.root, call.terminal)
      }
      const { checkSecrets } = await import('../../secrets/index.ts')
      return printReport(await checkSecrets(projects, lifecycle), call.terminal)
    })
  },
})

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
  const [{ writeFile }, { resolve }] = await Promise.all([import('node:fs/promises'), import('pathe')])
  await writeFile(resolve(root, out), text)
  terminal.print(`\n  ${terminal.paint.green('✔')} ${out}  names only; commit it\n`)
  terminal.event({ type: 'result', ok: true, file: out })
}

function printReport(report: SecretsReport, terminal: Terminal): number {
  const { green, red, dim, bold, yellow } = terminal.paint
  terminal.event({ type: 'result', ...report })
  for (const { project, secrets } of report.projects) {
    terminal.print(`\n  ${bold(project)}${secrets.length === 0 ? '  needs no secret' : ''}\n`)
    const width = Math.max(0, ...secrets.map(({ name }) => name.length))
    for (const { name, status, usedBy, why, fix } of secrets) {
      const fine = status === 'present' || status === 'optional-missing'
      terminal.print(`  ${fine ? green('✔') : red('✖')} ${name.padEnd(width)}  ${status}  ${dim(usedBy.join(', '))}\n`)
      if (!fine && why !== undefined) terminal.print(`    ${why}\n`)
      if (!fine && fix !== undefined) terminal.print(`    ${dim('fix')}  ${fix}\n`)
    }
  }
  if (report.strays.length > 0) terminal.print(`\n  ${bold('.env')}\n`)
  for (const { name, nearest } of report.strays) {
    terminal.print(`  ${yellow('!')} ${name}  no project asks for it${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}\n`)
  }
  terminal.print('\n')
  return report.ok ? 0 : 1
}
