import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Manifest } from '../../src/manifest/index.ts'
import { makeManifest, type TestProject } from '../bundle.ts'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))

/** The module that a project's Worker is made of, in one file, and its manifest. */
export async function bundleWorker(project: TestProject, hyperdrive: Readonly<Record<string, string>>): Promise<{ script: string; manifest: Manifest }> {
  const manifest = makeManifest(project)
  const drivers = [...new Set(Object.values(manifest.databases).map(({ driver }) => driver))]
  const modules = Object.keys(project.modules ?? {})
  const entry = [
    `import { createWorker } from ${JSON.stringify(`${SOURCES}/worker.ts`)}`,
    ...drivers.map((driver) => `import { ${driver} } from ${JSON.stringify(`${SOURCES}/worker/${driver}.ts`)}`),
    ...modules.map((path, at) => `import * as m${at} from ${JSON.stringify(`bundle:${path}`)}`),
    `export default createWorker({
      manifest: ${JSON.stringify(manifest)},
      modules: { ${modules.map((path, at) => `${JSON.stringify(path)}: m${at}`).join(', ')} },
      drivers: { ${drivers.join(', ')} },
      hyperdrive: ${JSON.stringify(hyperdrive)},
    })`,
  ].join('\n')
  const { outputFiles: [file] } = await build({
    stdin: { contents: entry, resolveDir: SOURCES, loader: 'ts' }, bundle: true, format: 'esm', platform: 'neutral', target: 'es2022', write: false,
    conditions: ['workerd', 'worker', 'browser'], mainFields: ['module', 'main'], external: ['node:*', 'cloudflare:*'], logLevel: 'warning',
    plugins: [projectModules(project)],
  })
  return { script: file?.text ?? '', manifest }
}

/** The modules of a project, which tests have in memory. */
function projectModules({ modules = {} }: TestProject): Plugin {
  return {
    name: 'project-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^bundle:/ }, ({ path }) => ({ path: path.slice('bundle:'.length), namespace: 'project' }))
      onLoad({ filter: /.*/, namespace: 'project' }, ({ path }) => ({ contents: modules[path] ?? '', resolveDir: SOURCES, loader: 'js' }))
    },
  }
}
