import { StkError } from '../../diagnostics/index.ts'
import { openLifecycle } from '../../lifecycle/open.ts'
import { defineVerb, PROJECT_OPTION } from '../verb.ts'

export const dev = defineVerb({
  name: 'dev',
  summary: 'Serve every project from its sources and reload on save',
  options: {
    ...PROJECT_OPTION,
    port: { type: 'string', value: 'N', summary: 'Port of the first project; each further one takes the next (default: 4100)' },
    fresh: { type: 'boolean', summary: 'Begin with empty embedded databases: schema and seed are loaded again' },
  },
  examples: [['stk dev --project shop', 'one project']],
  async run({ options, terminal, signal, env, cwd }) {
    const port = Number(options.port ?? 4100)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new StkError('STK1020', { why: `--port is "${options.port}".`, fix: 'Give a number from 0 to 65535.' })
    const { startDevServer } = await import('../../dev/dev-server.ts')
    const server = await startDevServer({
      open: (report) => openLifecycle({
        cwd, command: 'dev', env, report, signal, interactive: false, tell: terminal.hide,
        environment: options.env ?? env.STK_ENV ?? 'development',
        ...(options.config === undefined ? {} : { file: options.config }),
      }),
      projects: options.project, port, env, report: terminal.report, signal, fresh: options.fresh,
    })
    terminal.event({ type: 'serving', projects: server.projects })
    terminal.print('\n')
    for (const { name, url, token } of server.projects) {
      terminal.print(`  ${terminal.paint.bold(name)}  ${url}/call\n`)
      if (token !== '') terminal.print(`  ${terminal.paint.dim(`token for 12 hours, with every role: ${token}`)}\n`)
    }
    terminal.print('\n  Ctrl-C stops.\n')
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    await server.close()
  },
})
