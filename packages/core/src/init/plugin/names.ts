import { StkError } from '../../diagnostics/index.ts'

/** What a plugin package can be about. */
export const PLUGIN_KINDS = ['target', 'secrets', 'schema'] as const

export type PluginKind = (typeof PLUGIN_KINDS)[number]

/** The names of a plugin in its sources. */
export interface PluginNames {
  /** Of the package: `santokit-plugin-my-store`, or `@acme/santokit-plugin-my-store`. */
  readonly package: string
  /** Of the plugin, its target type, scheme or engine: `my-store`. */
  readonly plugin: string
  /** In code: `myStore`. */
  readonly camel: string
  /** Of types: `MyStore`. */
  readonly pascal: string
  /** Of environment variables: `MY_STORE`. */
  readonly upper: string
}

const PREFIX = 'santokit-plugin-'

/** What npm takes as a name at most, in characters (docs.npmjs.com, package.json, name). */
const LONGEST = 214

/** Schemes of references that are built in. */
const BUILT_IN_SCHEMES: readonly string[] = ['env', 'file', 'dotenv']

/**
 * Reads a package's name.
 *
 * @throws StkError STK1020 for one that is not `santokit-plugin-*`, with or without a scope, in small letters, digits and dashes.
 */
export function pluginNames(name: string, kind: PluginKind): PluginNames {
  const [, plugin] = /^(?:@[a-z0-9][a-z0-9._-]*\/)?santokit-plugin-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/.exec(name) ?? []
  if (plugin === undefined || name.length > LONGEST) {
    throw new StkError('STK1020', {
      why: `"${name}" cannot be a plugin's name: it is ${PREFIX} and small letters, digits and dashes, with or without a scope.`,
      fix: `stk init --plugin --name ${PREFIX}${suggested(name)}`,
    })
  }
  if (kind === 'secrets' && BUILT_IN_SCHEMES.includes(plugin)) {
    throw new StkError('STK1020', { why: `References that begin with ${plugin}: are built in.`, fix: 'Give the plugin another name.' })
  }
  const words = plugin.split('-')
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1)
  return { package: name, plugin, pascal, camel: isReserved(camel) ? `${camel}Plugin` : camel, upper: words.join('_').toUpperCase() }
}

/** The nearest that would do. */
function suggested(name: string): string {
  const plain = name.toLowerCase().replace(/^@[^/]*\//, '').replace(/^santokit-plugin-?/, '').replace(/[^a-z0-9]+/g, '-').replace(/^[-0-9]+|-+$/g, '')
  return plain === '' ? 'mine' : plain.slice(0, 40).replace(/-$/, '')
}

/** Whether a name cannot be declared in a module. */
function isReserved(name: string): boolean {
  try {
    Reflect.construct(Function, [`'use strict'; const ${name} = 0`])
    return ['await', 'test', 'expect'].includes(name)
  } catch {
    return true
  }
}
