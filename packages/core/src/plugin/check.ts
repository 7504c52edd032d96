import { nearest, StkError } from '../diagnostics/index.ts'
import type { Hooks, Plugin } from './contract.ts'

/** Every hook there is. The type keeps it complete. */
const HOOKS: Readonly<Record<keyof Hooks, true>> = {
  'bundle:before': true,
  'bundle:logic': true,
  'bundle:done': true,
  'package:before': true,
  'package:done': true,
  'secrets:before': true,
  'secrets:done': true,
  'release:before': true,
  'release:planned': true,
  'release:done': true,
  error: true,
}

/** The names of all hooks. */
export const HOOK_NAMES = Object.keys(HOOKS) as readonly (keyof Hooks)[]

/**
 * Checks that a value is a plugin whose parts have their shapes: it may come from plain JavaScript.
 *
 * @param path where it is listed, such as `plugins[1]`.
 * @param owner who lists it.
 */
export function pluginFaults(value: unknown, path: string, owner: string): readonly StkError[] {
  const not = (why: string, fix: string): readonly StkError[] => [new StkError('STK1014', { why, fix, configPath: path })]
  const subject = `${path} in ${owner}`
  if (typeof value === 'function') {
    const called = ['', 'default'].includes(value.name) ? 'plugin' : value.name
    return not(`${subject} is a function, not a plugin.`, `Call it: ${called}().`)
  }
  if (value instanceof Promise) return not(`${subject} is a promise, not a plugin.`, 'Await it: await plugin().')
  if (typeof value !== 'object' || value === null) {
    return not(`${subject} is ${named(value)}, not a plugin.`, 'List what a plugin\'s function returns, such as image().')
  }
  const { name } = value as { readonly name?: unknown }
  if (typeof name !== 'string' || name === '') {
    return not(`${subject} is an object without a name, so it is no plugin.`, 'Give it a name: definePlugin(() => ({ name: \'my-plugin\' })).')
  }
  return PARTS.flatMap(({ part, expected, fits }) => {
    const given: unknown = Reflect.get(value, part)
    if (given === undefined || fits(given)) return []
    return [new StkError('STK1014', {
      why: `The plugin "${name}" gives ${named(given)} as \`${part}\`; it must be ${expected}.`,
      fix: 'See docs/plugins.md for what a plugin is made of.',
      configPath: path,
      attribution: { plugin: name, hook: part },
    })]
  }).concat(hookFaults(name, Reflect.get(value, 'hooks'), path))
}

const isFunction = (value: unknown): boolean => typeof value === 'function'
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOf = (...keys: readonly [string, (value: unknown) => boolean][]) => (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => isObject(item) && keys.every(([key, fits]) => fits(Reflect.get(item as object, key))))
const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isSchema = (value: unknown): boolean => isObject(value) && isFunction(Reflect.get(value as object, 'safeParseAsync'))

const PARTS: readonly { readonly part: keyof Plugin; readonly expected: string; readonly fits: (value: unknown) => boolean }[] = [
  { part: 'enforce', expected: "'pre' or 'post'", fits: (value) => value === 'pre' || value === 'post' },
  { part: 'config', expected: 'a function', fits: isFunction },
  { part: 'configResolved', expected: 'a function', fits: isFunction },
  {
    part: 'targets',
    expected: 'a list of targets, each with a type, a zod schema as options, package, plan and release',
    fits: isListOf(['type', isName], ['options', isSchema], ['package', isFunction], ['plan', isFunction], ['release', isFunction]),
  },
  {
    part: 'secretProviders',
    expected: 'a list of secret providers, each with a scheme, parseRef and resolveMany',
    fits: isListOf(['scheme', isName], ['parseRef', isFunction], ['resolveMany', isFunction]),
  },
  {
    part: 'schemaEngines',
    expected: 'a list of schema engines, each with a name, supports and plan',
    fits: isListOf(['name', isName], ['supports', isFunction], ['plan', isFunction]),
  },
  {
    part: 'commands',
    expected: 'an object of commands, each with a description and run',
    fits: (value) => isObject(value) && isListOf(['description', isName], ['run', isFunction])(Object.values(value as object)),
  },
  { part: 'hooks', expected: 'an object of listeners by hook', fits: isObject },
]

function hookFaults(plugin: string, hooks: unknown, path: string): readonly StkError[] {
  if (typeof hooks !== 'object' || hooks === null) return []
  return Object.entries(hooks).flatMap(([hook, listener]) => {
    if (!Object.hasOwn(HOOKS, hook)) {
      const near = nearest(hook, HOOK_NAMES)
      return [new StkError('STK1003', {
        why: `The plugin "${plugin}" listens to "${hook}", and there is no such hook.` + (near === undefined ? '' : ` Did you mean "${near}"?`),
        fix: near === undefined ? `The hooks are ${HOOK_NAMES.join(', ')}.` : `Listen to "${near}".`,
        configPath: path,
        attribution: { plugin, hook },
      })]
    }
    const fault = listenerFault(listener)
    return fault === undefined ? [] : [new StkError('STK1014', {
      why: `The plugin "${plugin}" gives "${hook}" ${fault}.`,
      fix: 'A listener is a function, or { handler, order, before, after }.',
      configPath: path,
      attribution: { plugin, hook },
    })]
  })
}

function listenerFault(listener: unknown): string | undefined {
  if (listener === undefined || typeof listener === 'function') return undefined
  if (typeof listener !== 'object' || listener === null) return `${named(listener)} as its listener`
  const { handler, order, before, after } = listener as Readonly<Record<string, unknown>>
  if (typeof handler !== 'function') return 'a listener without a handler'
  if (!['pre', 'post', undefined].includes(order as string | undefined)) return `the order ${JSON.stringify(order)}; it is 'pre', 'post' or left out`
  const names = [before ?? [], after ?? []].flat()
  return names.every((item) => typeof item === 'string') ? undefined : '`before` or `after` that are not plugin names'
}

/** What a value is, in a word. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
