import { defineVerb } from '../verb.ts'

export const init = defineVerb({
  name: 'init',
  summary: 'Write a first project and its config here; never overwrites a file',
  positionals: '[PROJECT]',
  options: {},
  examples: [['stk init shop', 'santokit.config.ts and projects/shop']],
  async run({ cwd, positionals, terminal }) {
    const { writeStarter } = await import('../../init/starter.ts')
    const project = positionals[0] ?? 'app'
    const files = await writeStarter(cwd, project)
    terminal.event({ type: 'result', ok: true, files })
    terminal.print(['', ...files.map((file) => `  ${terminal.paint.green('✔')} ${file}`), '', '  next', '    npm install', '    npx stk dev', ''].join('\n'))
  },
})
