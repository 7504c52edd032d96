import { transform } from 'esbuild'
import type { Plugin } from 'rollup'
import type { BuildHooks } from 'unbuild'
import { thirdPartyNotices } from './third-party.ts'

/** Options of {@link inlineParts}. */
export interface InlineOptions {
  /** Packages that are built in beside zod. */
  readonly packages?: readonly string[]
  /** The chunk that a module belongs to. Where it says nothing, rollup decides. */
  readonly chunk?: (id: string) => string | undefined
}

/**
 * Builds the parts of zod that a package uses into it. Loading zod whole reads some 80 files, half of them translations,
 * which is a third of what `stk` takes to start; its types stay those of the installed zod.
 */
export const inlineZod: Partial<BuildHooks> = inlineParts()

/**
 * The same, and whatever else is loaded at every start: a file more takes Node half a millisecond to find, read and link.
 */
export function inlineParts({ packages = [], chunk }: InlineOptions = {}): Partial<BuildHooks> {
  const inlined = new RegExp(`^(?:${['zod', ...packages].join('|')})(?:/|$)`)
  const inlinedFile = new RegExp(`[/\\\\]node_modules[/\\\\](?:${['zod', ...packages].join('|')})[/\\\\]`)
  return {
    'rollup:options'(_, options) {
      const { external, onLog, plugins } = options
      options.external = (id, importer, resolved) => {
        if (inlined.test(id) || inlinedFile.test(id)) return false
        return typeof external === 'function' ? external(id, importer, resolved) : undefined
      }
      options.onLog = (level, log, handler) => {
        // Comments in zod that rollup drops; they only matter to other bundlers.
        if (log.code === 'INVALID_ANNOTATION') return
        if (onLog) onLog.call(undefined as never, level, log, handler)
        else handler(level, log)
      }
      options.plugins = [...(Array.isArray(plugins) ? plugins : [plugins]), withoutComments(inlinedFile), thirdPartyNotices()]
      if (chunk === undefined) return
      for (const output of [options.output].flat()) if (output) output.manualChunks = (id) => chunk(id)
    },
    /** Declarations are built with the same options, and go on naming the installed zod. */
    'rollup:dts:options'(_, options) {
      const { external } = options
      options.external = (id, importer, resolved) => /^zod(\/|$)/.test(id) || (typeof external === 'function' && external(id, importer, resolved))
      for (const output of [options.output].flat()) if (output) delete output.manualChunks
    },
  }
}

/** Shortens what is built in: Node reads it at every start, and half of zod is comments. Our own code stays as it is read. */
function withoutComments(files: RegExp): Plugin {
  return {
    name: 'without-comments',
    async transform(code, id) {
      if (!files.test(id) || !/\.[cm]?js$/.test(id)) return null
      return { code: (await transform(code, { minify: true, legalComments: 'none' })).code, map: null }
    },
  }
}
