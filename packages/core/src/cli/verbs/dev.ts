import { StkError, suggestion } from '../../diagnostics/index.ts'
import { openLifecycle } from '../../lifecycle/open.ts'
import { defineVerb, PROJECT_OPTION, type COMMON_OPTIONS, type VerbCall, type VerbOptions } from '../verb.ts'

const OPTIONS = {
  ...PROJECT_OPTION,
  port: { type: 'string', value: 'N', summary: 'Port of the first project; each further one takes the next (default: 4100)' },
  fresh: { type: 'boolean', summary: 'Begin with empty embedded databases: schema and seed are loaded again' },
  'no-types': { type: 'boolean', summary: 'Do not check types in the background' },
  role: { type: 'string', multiple: true, value: 'NAME', summary: 'token: a role it carries; may be repeated' },
  sub: { type: 'string', value: 'ID', summary: 'token: its subject (default: developer)' },
  audience: { type: 'string', value: 'NAME', summary: "token: its audience (default: the first one that the project's issuers take, else the project's name)" },
  claim: { type: 'string', multiple: true, value: 'NAME=VALUE', summary: 'token: a further claim, text or JSON; may be repeated' },
  expires: { type: 'string', value: 'SPAN', summary: 'token: how long it holds (default: 12h)' },
} as const satisfies VerbOptions

type DevCall = VerbCall<typeof OPTIONS & typeof COMMON_OPTIONS>

export const dev = defineVerb({
  name: 'dev',
  summary: 'Serve every project from its sources and reload on save; or mint a token for what is served',
  positionals: '[token]',
  options: OPTIONS,
  examples: [
    ['stk dev --project shop', 'one project'],
    ['stk dev token --role admin', 'in another terminal: a token that the running Bridge accepts'],
    ['curl -H "authorization: Bearer $(stk dev token --sub alice)" …', 'and its use'],
  ],
  async run(call) {
    const [action, ...rest] = call.positionals
    if (action === undefined) return serve(call)
    if (action === 'token' && rest.length === 0) return (await import('../dev/token.ts')).runDevToken(call)
    throw new StkError('STK1020', { why: `stk dev takes nothing or token, not "${call.positionals.join(' ')}".`, fix: suggestion(action, ['token']) })
  },
})

async function serve({ options, terminal, signal, env, cwd }: DevCall): Promise<void> {
  const port = Number(options.port ?? 4100)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new StkError('STK1020', { why: `--port is "${options.port}".`, fix: 'Give a number from 0 to 65535.' })
  const [{ startDevServer }, { listenForKeys }] = await Promise.all([import('../../dev/dev-server.ts'), import('../dev/keys.ts')])
  const server = await startDevServer({
    open: (report) => openLifecycle({
      cwd, command: 'dev', env, report, signal, interactive: false, tell: terminal.hide,
      environment: options.env ?? env.STK_ENV ?? 'development',
      ...(options.config === undefined ? {} : { file: options.config }),
    }),
    projects: options.project, port, env, report: terminal.report, fresh: options.fresh, types: !options['no-types'], redact: terminal.redact,
  })
  try {
    const showUrls = async (): Promise<void> => {
      const { bold, dim } = terminal.paint
      const projects = await server.projects()
      const width = Math.max(...projects.map(({ name }) => name.length))
      terminal.print(['', ...projects.map(({ name, url }) => `  ${bold(name.padEnd(width))}  ${url}/call   ${dim('explorer')}  ${url}/_stk`), '', ''].join('\n'))
    }
    terminal.event({ type: 'serving', projects: await server.projects() })
    await showUrls()
    terminal.print(`  ${terminal.paint.dim('token')}  stk dev token --role NAME\n\n  ${terminal.interactive ? 'h + enter shows the keys, Ctrl-C stops.' : 'Ctrl-C stops.'}\n\n`)
    await listenForKeys({ server, terminal, env, showUrls, signal })
  } finally {
    await server.close()
  }
}
