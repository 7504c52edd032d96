import { createHooks } from 'hookable'
import { isStkError, StkError, throwAll, type Attribution } from '../diagnostics/index.ts'
import type { Hooks, OrderedHook, Plugin, PluginCommand, SchemaEngine, SecretProvider, Target } from './contract.ts'
import { orderListeners, orderPlugins, type Placed } from './order.ts'

/** The plugins of a config, as the rest of Santokit sees them: what they offer, and calls into them. */
export interface PluginHost {
  /** In the order in which they take part. */
  readonly plugins: readonly Plugin[]
  /**
   * Calls the listeners of a hook, one after the other.
   *
   * The first that fails ends it; those of `error` are all called, and their failures become process warnings, so that
   * they never stand in for the error they are told of.
   *
   * @throws StkError STK1010 with the plugin and hook, or the listener's own StkError with both added.
   */
  callHook<Name extends keyof Hooks>(name: Name, ...args: Parameters<Hooks[Name]>): Promise<void>
  target(type: string): { readonly target: Target<unknown>; readonly plugin: string } | undefined
  /** Sorted. */
  targetTypes(): readonly string[]
  secretProvider(scheme: string): { readonly provider: SecretProvider; readonly plugin: string } | undefined
  /** Sorted. */
  secretSchemes(): readonly string[]
  /** In the order of their plugins. */
  schemaEngines(): readonly { readonly engine: SchemaEngine; readonly plugin: string }[]
  command(name: string): { readonly command: PluginCommand; readonly plugin: string } | undefined
  commands(): ReadonlyMap<string, PluginCommand>
  /**
   * Calls into a plugin: what it throws carries the plugin and the hook, and its time is counted.
   *
   * @param hook a hook, `config`, or a contribution's method such as `target image: release`.
   */
  attribute<T>(plugin: string, hook: string, work: () => T | Promise<T>): Promise<T>
  /** What was called so far, the slowest first. For `--profile`. */
  timings(): readonly HookTiming[]
  /** Who listens to what: each hook's listeners in the order in which they are called. */
  listeners(): readonly ListenerPlace[]
}

/** A listener, and what it says about its place. */
export interface ListenerPlace extends Placed {
  readonly hook: string
}

export interface HookTiming {
  readonly plugin: string
  readonly hook: string
  readonly calls: number
  /** Milliseconds, summed over the calls. */
  readonly ms: number
}

/**
 * Sets up plugins that are checked already, see `collectPlugins`.
 *
 * @throws StkError STK1015 when two offer the same thing, STK1009 when listeners wait for each other.
 */
export function createPluginHost(listed: readonly Plugin[]): PluginHost {
  const plugins = Object.freeze(orderPlugins(listed))
  const clashes: StkError[] = []
  const gather = <T>(kind: string, part: keyof Plugin, offersOf: (plugin: Plugin) => readonly Offer<T>[]): Offers<T> =>
    gatherOffers(plugins, { kind, part, offersOf }, clashes)
  const targets = gather('target type', 'targets', ({ targets = [] }) => targets.map((item) => [item.type, item as Target<unknown>]))
  const providers = gather('secret scheme', 'secretProviders', ({ secretProviders = [] }) => secretProviders.map((item) => [item.scheme, item]))
  const commands = gather('command', 'commands', (plugin) => Object.entries(plugin.commands ?? {}))
  const engines = gather('schema engine', 'schemaEngines', ({ schemaEngines = [] }) => schemaEngines.map((item) => [item.name, item]))
  throwAll(clashes)

  const clock = createClock()
  const ordered = listenersOf(plugins)
  const hooks = createHooks<Record<string, (...args: readonly unknown[]) => Promise<void>>>()
  for (const { plugin, hook, handler } of ordered) {
    const listen = (...args: readonly unknown[]): Promise<void> => clock.attribute(plugin, hook, () => handler(...args))
    hooks.hook(hook, hook === 'error' ? (...args) => listen(...args).catch(warn) : listen)
  }

  return {
    plugins,
    callHook: async (name, ...args) => { await hooks.callHook(name, ...args) },
    target: (type) => {
      const offer = targets.get(type)
      return offer && { target: offer.value, plugin: offer.plugin }
    },
    targetTypes: () => [...targets.keys()].toSorted(),
    secretProvider: (scheme) => {
      const offer = providers.get(scheme)
      return offer && { provider: offer.value, plugin: offer.plugin }
    },
    secretSchemes: () => [...providers.keys()].toSorted(),
    schemaEngines: () => [...engines.values()].map(({ value, plugin }) => ({ engine: value, plugin })),
    command: (name) => {
      const offer = commands.get(name)
      return offer && { command: offer.value, plugin: offer.plugin }
    },
    commands: () => new Map([...commands].map(([name, { value }]) => [name, value])),
    attribute: clock.attribute,
    timings: clock.timings,
    listeners: () => ordered.map(({ handler: _, ...place }) => place),
  }
}

type Offer<T> = readonly [name: string, value: T]
type Offers<T> = ReadonlyMap<string, { readonly plugin: string; readonly value: T }>

interface Gathering<T> {
  /** What is offered, for messages. */
  readonly kind: string
  readonly part: keyof Plugin
  readonly offersOf: (plugin: Plugin) => readonly Offer<T>[]
}

function gatherOffers<T>(plugins: readonly Plugin[], { kind, part, offersOf }: Gathering<T>, clashes: StkError[]): Offers<T> {
  const found = new Map<string, { readonly plugin: string; readonly value: T }>()
  for (const plugin of plugins) {
    for (const [name, value] of offersOf(plugin)) {
      const first = found.get(name)
      if (first === undefined) found.set(name, { plugin: plugin.name, value })
      else {
        clashes.push(new StkError('STK1015', {
          why: first.plugin === plugin.name
            ? `The plugin "${plugin.name}" offers the ${kind} "${name}" twice.`
            : `The plugins "${first.plugin}" and "${plugin.name}" both offer the ${kind} "${name}".`,
          fix: 'Keep one of them in `plugins`.',
          configPath: 'plugins',
          attribution: { plugin: plugin.name, hook: part },
        }))
      }
    }
  }
  return found
}

interface Listener extends ListenerPlace {
  readonly handler: (...args: readonly unknown[]) => void | Promise<void>
}

/** Every listener of every hook, each hook's in its order. */
function listenersOf(plugins: readonly Plugin[]): readonly Listener[] {
  const byHook = new Map<string, Listener[]>()
  for (const plugin of plugins) {
    for (const [hook, option] of Object.entries(plugin.hooks ?? {})) {
      if (option === undefined) continue
      const { handler, ...place } = (typeof option === 'function' ? { handler: option } : option) as OrderedHook<Listener['handler']>
      const listener = { ...place, handler, hook, plugin: plugin.name, enforce: plugin.enforce }
      byHook.set(hook, [...(byHook.get(hook) ?? []), listener])
    }
  }
  const circles: StkError[] = []
  const ordered = [...byHook].flatMap(([hook, listeners]) => {
    try {
      return orderListeners(hook, listeners)
    } catch (error) {
      if (!isStkError(error)) throw error
      circles.push(error)
      return []
    }
  })
  throwAll(circles)
  return ordered
}

function createClock(): Pick<PluginHost, 'attribute' | 'timings'> {
  const times = new Map<string, { plugin: string; hook: string; calls: number; ms: number }>()
  return {
    async attribute(plugin, hook, work) {
      const start = performance.now()
      try {
        return await work()
      } catch (error) {
        throw attributed(error, { plugin, hook })
      } finally {
        const key = JSON.stringify([plugin, hook])
        const time = times.get(key) ?? { plugin, hook, calls: 0, ms: 0 }
        times.set(key, { ...time, calls: time.calls + 1, ms: time.ms + performance.now() - start })
      }
    },
    timings: () => [...times.values()].toSorted((a, b) => b.ms - a.ms),
  }
}

function attributed(error: unknown, attribution: Attribution): StkError {
  if (isStkError(error)) return error.with({ attribution })
  const message = error instanceof Error ? error.message : String(error)
  return new StkError('STK1010', {
    why: `The plugin "${attribution.plugin}" failed in ${attribution.hook}: ${message}`,
    fix: 'Look at the cause below; if it is the plugin\'s own, report it to its authors.',
    attribution,
    cause: error,
  })
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error.message : String(error), 'SantokitPluginWarning')
}
