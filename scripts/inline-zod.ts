import type { BuildHooks } from 'unbuild'
import { thirdPartyNotices } from './third-party.ts'

/**
 * Builds the parts of zod that a package uses into it. Loading zod whole reads some 80 files, half of them translations,
 * which is a third of what `stk` takes to start; its types stay those of the installed zod.
 */
export const inlineZod: Partial<BuildHooks> = {
  'rollup:options'(_, options) {
    const { external, onLog, plugins } = options
    options.external = (id, importer, resolved) => {
      if (/^zod(\/|$)/.test(id) || /[/\\]node_modules[/\\]zod[/\\]/.test(id)) return false
      return typeof external === 'function' ? external(id, importer, resolved) : undefined
    }
    options.onLog = (level, log, handler) => {
      // Comments in zod that rollup drops; they only matter to other bundlers.
      if (log.code === 'INVALID_ANNOTATION') return
      if (onLog) onLog.call(undefined as never, level, log, handler)
      else handler(level, log)
    }
    options.plugins = [...(Array.isArray(plugins) ? plugins : [plugins]), thirdPartyNotices()]
  },
  /** Declarations are built with the same options, and go on naming the installed zod. */
  'rollup:dts:options'(_, options) {
    const { external } = options
    options.external = (id, importer, resolved) => /^zod(\/|$)/.test(id) || (typeof external === 'function' && external(id, importer, resolved))
  },
}
