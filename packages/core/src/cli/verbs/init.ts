import { relative } from 'node:path'
import { StkError } from '../../diagnostics/index.ts'
import { defineVerb } from '../verb.ts'

export const init = defineVerb({
  name: 'init',
  summary: 'Write a first project and its config here, or a plugin package; never overwrites a file',
  positionals: '[PROJECT | DIR]',
  options: {
    plugin: { type: 'boolean', summary: 'Write a plugin package that can be published, into DIR' },
    name: { type: 'string', value: 'NAME', summary: 'With --plugin: the package, santokit-plugin-… (default: the folder\'s name)' },
    kind: { type: 'string', value: 'KIND', summary: 'With --plugin: target, secrets or schema (default: target)' },
  },
  examples: [
    ['stk init shop', 'santokit.config.ts and projects/shop'],
    ['stk init --plugin santokit-plugin-ftp', 'A target in a folder of its own, with tests that pass'],
    ['stk init --plugin --kind secrets --name @acme/santokit-plugin-vault', 'A place to read secrets from'],
  ],
  async run({ cwd, options, positionals, terminal }) {
    const { plugin, name, kind } = options
    const [place] = positionals
    if (positionals.length > 1) throw new StkError('STK1020', { why: `stk init takes one argument, and "${positionals[1]}" is another.`, fix: 'stk init --help' })
    if (!plugin && (name !== undefined || kind !== undefined)) {
      throw new StkError('STK1020', { why: `--${name === undefined ? 'kind' : 'name'} is for plugins.`, fix: 'stk init --plugin --help' })
    }
    const show = (files: readonly string[], next: readonly string[]): void => terminal.print([
      '', ...files.map((file) => `  ${terminal.paint.green('✔')} ${file}`), '', '  next', ...next.map((line) => `    ${line}`), '',
    ].join('\n'))
    if (!plugin) {
      const { writeStarter } = await import('../../init/starter.ts')
      const files = await writeStarter(cwd, place ?? 'app')
      terminal.event({ type: 'result', ok: true, files })
      show(files, ['npm install', 'npx stk dev'])
      return
    }
    const { writePlugin } = await import('../../init/plugin/write-plugin.ts')
    const written = await writePlugin({
      cwd, ...(place === undefined ? {} : { folder: place }), ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }),
    })
    const folder = relative(cwd, written.folder)
    terminal.event({ type: 'result', ok: true, name: written.name, kind: written.kind, folder: written.folder, files: written.files })
    show(written.files.map((file) => (folder === '' ? file : `${folder}/${file}`)), [...(folder === '' ? [] : [`cd ${folder}`]), 'npm install', 'npm test'])
  },
})
