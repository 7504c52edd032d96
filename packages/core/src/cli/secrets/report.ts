import type { SecretsReport } from '../../secrets/check.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Shows how each secret stands. @returns 1 if something is amiss. */
export function printReport(report: SecretsReport, terminal: Terminal): number {
  const { green, red, dim, bold, yellow } = terminal.paint
  terminal.event({ type: 'result', ...report })
  for (const account of report.accounts) {
    const how = 'identity' in account ? `${account.identity}, ${account.mode}${account.quota === undefined ? '' : `, ${account.quota}`}` : account.why
    terminal.print(`\n  ${dim(`${account.scheme}:`)}  ${how}\n`)
  }
  for (const { project, secrets } of report.projects) {
    terminal.print(`\n  ${bold(project)}${secrets.length === 0 ? '  needs no secret' : ''}\n`)
    const width = Math.max(0, ...secrets.map(({ name }) => name.length))
    for (const { name, status, type, usedBy, why, fix } of secrets) {
      const fine = status === 'present' || status === 'optional-missing'
      terminal.print(`  ${fine ? green('✔') : red('✖')} ${name.padEnd(width)}  ${status}  ${dim([...(type === undefined ? [] : [type]), ...usedBy].join(', '))}\n`)
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
