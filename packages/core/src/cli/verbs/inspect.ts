import { withLifecycle } from '../session.ts'
import { defineVerb } from '../verb.ts'

export const inspect = defineVerb({
  name: 'inspect',
  summary: 'Show the resolved config and who set each value',
  positionals: '[PATH]',
  options: {},
  examples: [
    ['stk inspect', 'everything'],
    ['stk inspect projects.shop.databases --env staging', 'one part of it, as staging has it'],
  ],
  async run(call) {
    const { positionals, terminal } = call
    return withLifecycle(call, 'inspect', async ({ config, host }) => {
      const { inspectConfig } = await import('../../config/index.ts')
      const [prefix] = positionals
      const values = inspectConfig(config).filter(({ path }) => prefix === undefined || path === prefix || path.startsWith(`${prefix}.`))
      const plugins = host.plugins.map((plugin) => ({ name: plugin.name, hooks: Object.keys(plugin.hooks ?? {}) }))
      terminal.event({ type: 'config', file: config.file, environment: config.environment, values, plugins, targetTypes: host.targetTypes(), secretSchemes: host.secretSchemes() })
      const { dim, bold } = terminal.paint
      const pathWidth = Math.max(0, ...values.map(({ path }) => path.length))
      const shown = values.map((value) => ({ ...value, text: typeof value.value === 'string' ? value.value : JSON.stringify(value.value) }))
      const textWidth = Math.min(48, Math.max(0, ...shown.map(({ text }) => text.length)))
      terminal.print(`\n  ${config.file}  ${dim(`environment ${config.environment}`)}\n\n`)
      for (const { path, text, origin } of shown) terminal.print(`  ${path.padEnd(pathWidth)}  ${text.padEnd(textWidth)}  ${dim(origin)}\n`)
      if (prefix !== undefined) return
      terminal.print(`\n  ${bold('plugins, in order')}\n`)
      for (const plugin of plugins) terminal.print(`  ${plugin.name}  ${dim(plugin.hooks.join(', '))}\n`)
      terminal.print(`\n  target types: ${host.targetTypes().join(', ')}\n  secret schemes: ${host.secretSchemes().join(', ')}\n`)
    })
  },
})
