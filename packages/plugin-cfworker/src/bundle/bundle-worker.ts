import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { StkError, type Bundle } from '@santokit/core'
import { rollup, type Plugin } from 'rollup'

const ENTRY = '\0santokit:worker'

/**
 * Makes one module of the entry and all it imports. What the runtime itself provides, `node:*` and `cloudflare:*`, stays imported.
 *
 * The output depends on the bundle, the entry and the installed Bridge alone: no path of this computer is in it.
 */
export async function bundleWorker(bundle: Pick<Bundle, 'files' | 'project'>, entry: string): Promise<string> {
  const files = new Map(bundle.files.map(({ path, bytes }) => [`\0/${path}`, bytes]))
  const build = await rollup({
    input: ENTRY,
    plugins: [project(files, entry), bridge()],
    onwarn: (warning) => {
      if (warning.code === 'UNRESOLVED_IMPORT' || warning.code === 'MISSING_EXPORT') throw Object.assign(new Error(warning.message), warning)
    },
    treeshake: { moduleSideEffects: (id) => id.startsWith('\0') },
  }).catch((error: unknown) => {
    throw new StkError('STK2006', { why: `The Worker of "${bundle.project}" cannot be put together: ${(error as Error).message.replaceAll('\0', '')}`, cause: error })
  })
  try {
    const { output: [chunk, ...more] } = await build.generate({ format: 'es', inlineDynamicImports: true, generatedCode: 'es2015', interop: 'auto' })
    if (more.length > 0) throw new TypeError('One module was expected')
    return chunk.code
  } finally {
    await build.close()
  }
}

/** The project's own modules, from memory. Their imports are relative, but for what the runtime provides. */
function project(files: ReadonlyMap<string, Uint8Array>, entry: string): Plugin {
  return {
    name: 'santokit:project',
    resolveId: {
      order: 'pre',
      handler(id, importer) {
        if (id === ENTRY) return ENTRY
        if (/^(node|cloudflare|workerd):/.test(id)) return { id, external: true, moduleSideEffects: false }
        if (importer === ENTRY && id.startsWith('/')) return `\0${id}`
        if (importer?.startsWith('\0/') === true && id.startsWith('.')) return `\0${join(dirname(importer.slice(1)), id).replaceAll('\\', '/')}`
        return null
      },
    },
    load(id) {
      if (id === ENTRY) return entry
      const bytes = files.get(id)
      return bytes === undefined ? null : new TextDecoder().decode(bytes)
    },
  }
}

/** The Bridge that belongs to core: the one whose manifests it writes. Its files hold all that they need. */
function bridge(): Plugin {
  const core = createRequire(import.meta.url).resolve('@santokit/core/package.json')
  const root = dirname(createRequire(core).resolve('@santokit/bridge/package.json'))
  return {
    name: 'santokit:bridge',
    resolveId(id, importer) {
      const entry = /^@santokit\/bridge\/(worker(?:\/\w+)?)$/.exec(id)?.[1]
      if (entry !== undefined) return join(root, 'dist', `${entry}.mjs`)
      if (importer?.startsWith(root) === true && id.startsWith('.')) return join(dirname(importer), id)
      return null
    },
    load: (id) => (id.startsWith(root) ? readFile(id, 'utf8') : null),
  }
}
