import { isStkError, type Report } from '../../diagnostics/index.ts'
import type { Finding, Part } from '../../lifecycle/doctor/index.ts'
import { withLifecycle, type Call } from '../session.ts'
import type { Paint } from '../terminal/color.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface DoctorCall extends Call {
  readonly options: Call['options'] & { readonly project: readonly string[] }
}

/** `stk doctor`: looks at everything that a release needs, and says what to do about what is wrong. @returns 1 if something is. */
export async function runDoctor(call: DoctorCall): Promise<number> {
  const { terminal, cwd, env, signal } = call
  const { examineMachine, examinePackages, examineProjects } = await import('../../lifecycle/doctor/index.ts')
  const show = createPrinter(terminal)
  show(await examineMachine(cwd, env, process.versions.node))
  let loads = true
  try {
    // What a provider or an engine says on the way is not what was asked for.
    const report: Report = (event) => { if (terminal.json && event.type === 'note') terminal.report(event) }
    await withLifecycle({ ...call, terminal: { ...terminal, report } }, 'doctor', async (lifecycle) => {
      const { selectProjects } = await import('../../lifecycle/select.ts')
      const projects = selectProjects(lifecycle.config, call.options.project)
      show(await examinePackages(lifecycle.config.root))
      for await (const findings of examineProjects(projects, lifecycle)) {
        signal.throwIfAborted()
        show(findings)
      }
    })
  } catch (error) {
    // Without a config there is nothing more to look at, and that it does not load is what is wrong.
    if (!isStkError(error) || error.code === 'STK9002') throw error
    loads = false
    terminal.error(error)
  }
  const wrong = show.count('wrong') + (loads ? 0 : 1)
  terminal.print(wrong === 0 ? `\n  nothing is wrong${show.count('worth a look') === 0 ? '' : `; ${show.count('worth a look')} worth a look`}\n` : `\n  ${wrong} wrong\n`)
  terminal.event({ type: 'result', ok: wrong === 0, wrong, worthALook: show.count('worth a look'), unknown: show.count('unknown') })
  return wrong === 0 ? 0 : 1
}

interface Printer {
  (findings: readonly Finding[]): void
  count(state: Finding['state']): number
}

function createPrinter(terminal: Terminal): Printer {
  const shown: Finding[] = []
  let part: Part | undefined
  const show = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      shown.push(finding)
      terminal.event({ type: 'finding', ...finding })
      if (finding.part !== part) terminal.print(`\n  ${terminal.paint.bold(finding.part)}\n`)
      part = finding.part
      const { subject, says, fix, state } = finding
      terminal.print(`  ${mark(state, terminal.paint)} ${subject.padEnd(24)}  ${says}\n`)
      if (fix !== undefined && state !== 'fine') terminal.print(`    ${terminal.paint.dim('fix')}  ${fix}\n`)
    }
  }
  return Object.assign(show, { count: (state: Finding['state']) => shown.filter((each) => each.state === state).length })
}

function mark(state: Finding['state'], { green, red, yellow, dim }: Paint): string {
  return { 'fine': green('✔'), 'worth a look': yellow('!'), 'wrong': red('✖'), 'unknown': dim('?') }[state]
}
