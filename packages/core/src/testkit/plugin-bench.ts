import type { Bundle } from '../artifact/bundle.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import { StkError, type ReportEvent } from '../diagnostics/index.ts'
import { buildProject } from '../lifecycle/build.ts'
import { openLifecycle } from '../lifecycle/open.ts'
import { prepareRelease, releaseTarget } from '../lifecycle/release.ts'
import { definePlugin, type Plugin, type Release } from '../plugin/contract.ts'
import { memoryTarget } from './memory-target.ts'
import { sampleCheckout, type SampleCheckout, type SampleCheckoutOptions } from './sample-checkout.ts'

/** What {@link openPluginBench} is given: the plugins, and the project they work on. */
export interface PluginBenchOptions extends SampleCheckoutOptions {
  /** The plugins under test, in the order in which a config would list them. */
  readonly plugins: readonly Plugin[]
  /** As `--env` gives it. @default 'production' */
  readonly environment?: string
  /** The verb that plugins are told of. @default 'release' */
  readonly command?: string
  /** The process environment: values of secrets, and what plugins read. @default none */
  readonly env?: Readonly<Record<string, string>>
}

/** Plugins at work on a real project, which is released to memory. */
export interface PluginBench {
  /** As every plugin's `configResolved` got it. */
  readonly config: ResolvedConfig
  /** The repository. Change files here between two releases. */
  readonly checkout: SampleCheckout
  /** What was said so far, as `stk --json` would print it. */
  readonly events: readonly ReportEvent[]
  /** `stk build`: every hook from `bundle:before` to `package:done`. */
  build(): Promise<readonly Bundle[]>
  /** `stk release`, each project to each of its targets: every hook but those of a failure. */
  release(): Promise<readonly Release[]>
  /** `stk NAME …` for a command of a plugin's. @throws StkError STK1020 if no plugin has it. */
  run(name: string, ...args: readonly string[]): Promise<void>
  /** Ends what is open, and removes the repository. */
  close(): Promise<void>
}

/** Where the sample project is released to, unless the config says otherwise. */
const MEMORY = {
  projects: { shop: { databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } }, targets: { memory: {} } } },
} as unknown as NonNullable<SampleCheckoutOptions['config']>

/**
 * Puts plugins to work: hooks are called in their real order with what they get from `stk`, `config` is merged, commands run, and
 * whatever a plugin throws comes out with its name. Targets of the type `memory` are there for the taking.
 *
 * @example
 * const bench = await openPluginBench({ plugins: [freeze({ until: '2030-02-01' })] })
 * try {
 *   await expect(bench.release()).rejects.toMatchObject({ code: 'STK1010' })
 * } finally {
 *   await bench.close()
 * }
 *
 * @throws StkError for plugins or a config that `stk` would refuse.
 */
export async function openPluginBench({ plugins, environment, command = 'release', env = {}, config = MEMORY, files }: PluginBenchOptions): Promise<PluginBench> {
  const checkout = await sampleCheckout({ config, ...(files === undefined ? {} : { files }) })
  const events: ReportEvent[] = []
  const signal = new AbortController().signal
  try {
    const lifecycle = await openLifecycle({
      cwd: checkout.root, command, env, signal, interactive: false, builtins: [memoryPlugin(), ...plugins], report: (event) => { events.push(event) },
      ...(environment === undefined ? {} : { environment }),
    })
    return {
      config: lifecycle.config,
      checkout,
      events,
      async build() {
        const bundles: Bundle[] = []
        for (const project of lifecycle.config.projects) bundles.push((await buildProject(project, lifecycle)).bundle)
        return bundles
      },
      async release() {
        const releases: Release[] = []
        for (const project of lifecycle.config.projects) {
          const { bundle, packages } = await buildProject(project, lifecycle)
          for (const { target, pkg } of packages) {
            releases.push(await releaseTarget(await prepareRelease(project, target, { bundle, pkg }, lifecycle), lifecycle))
          }
        }
        return releases
      },
      async run(name, ...args) {
        const found = lifecycle.host.command(name)
        if (found === undefined) throw new StkError('STK1020', { why: `No plugin has the command "${name}".` })
        await lifecycle.host.attribute(found.plugin, `command ${name}`, () =>
          found.command.run(args, { config: lifecycle.config, report: lifecycle.report, signal }))
      },
      async close() {
        await lifecycle.dispose()
        await checkout.remove()
      },
    }
  } catch (error) {
    await checkout.remove()
    throw error
  }
}

const memoryPlugin = definePlugin(() => ({ name: 'memory', targets: [memoryTarget()] }))
