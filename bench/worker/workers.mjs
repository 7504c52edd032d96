// The Workers of the bench: what each is made of, as modules for workerd.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, transformSync } from 'esbuild'
import { rollup } from 'rollup'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
const DIST = join(ROOT, 'packages/bridge/dist')

/** @returns the Workers by name, each a list of modules with the main one first. */
export async function buildWorkers({ issuer, jwks }) {
  return {
    'Santokit': [{ name: 'worker.js', text: await buildSantokit(issuer, jwks) }],
    'Hono': [{ name: 'worker.js', text: await buildHono() }],
    'Nitro': await buildNitro(),
    'empty': [{ name: 'worker.js', text: "export default { fetch: () => new Response('{}') }" }],
  }
}

/** Bytes of all modules, as they are and as they are uploaded. */
export function sizeOf(modules) {
  return { raw: Buffer.byteLength(modules.map(({ text }) => text).join('')), gzip: gzipSync(modules.map(({ text }) => text).join('\n'), { level: 9 }).length }
}

/** A manifest as `stk bundle` writes it, made a Worker of as `stk build` does. */
async function buildSantokit(issuer, jwks) {
  const { canonicalJson, manifestDigest, paramsJsonSchema } = await import(join(DIST, 'manifest.mjs'))
  const inputs = [{ name: 'id', type: 'int', min: 1, array: false, required: true }]
  const item = (access) => ({
    kind: 'sql', access, private: false, source: 'logic/item.sql', database: 'main', text: 'select id, name, price, active, created_at from items where id = $1',
    inputs, params: paramsJsonSchema(inputs), result: 'row', readOnly: true, bindings: [{ from: 'param', name: 'id' }],
  })
  const content = {
    manifestVersion: 1, project: 'bench', generator: '0.0.0-bench',
    databases: { main: { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 10, queue: 1000 }, statementTimeout: 10_000, prepare: true, rls: false } },
    auth: { mode: 'issuers', issuers: [{ issuer, audience: ['bench'], jwksUri: jwks, algorithms: ['RS256'], claims: { roles: 'roles' }, clockTolerance: 5 }] },
    logic: {
      'open/item': item('public'), 'mine/item': item('authenticated'),
      'open/hello': { kind: 'module', module: 'hello.mjs', access: 'public', private: false, source: 'logic/hello.ts', params: { type: 'object' } },
    },
    limits: { bodyBytes: 1_000_000, jsonDepth: 32, timeout: 10_000, concurrency: 1000, callDepth: 8 },
    schema: {}, secrets: [{ name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] }], files: {}, runtime: { node: '>=20.19' },
  }
  const manifest = canonicalJson({ ...content, digest: manifestDigest(content) })
  const entry = `
    import { createWorker } from '${DIST}/worker.mjs'
    import { pg } from '${DIST}/worker/pg.mjs'
    import * as hello from '${HERE}/santokit/hello.mjs'
    export default createWorker({ manifest: JSON.parse(${JSON.stringify(manifest)}), modules: { 'hello.mjs': hello }, drivers: { pg } })`
  const bundle = await rollup({
    input: 'entry', external: /^(node|cloudflare):/, treeshake: { moduleSideEffects: 'no-external' },
    plugins: [{ name: 'entry', resolveId: (id) => id === 'entry' ? id : null, load: (id) => id === 'entry' ? entry : null }],
  })
  const { output: [chunk] } = await bundle.generate({ format: 'es', inlineDynamicImports: true })
  return chunk.code
}

/** As `wrangler deploy --minify` would: minified, with what pg needs of Node from workerd. */
async function buildHono() {
  const { outputFiles: [file] } = await build({
    entryPoints: [join(HERE, 'rivals/hono.mjs')], bundle: true, minify: true, write: false, format: 'esm', target: 'es2022', platform: 'browser',
    // Without `import`: `require('pg-pool')` would find a module of the other kind.
    conditions: ['workerd', 'worker', 'browser'], mainFields: ['browser', 'module', 'main'], external: ['node:*', 'cloudflare:*', 'pg-native'],
    plugins: [nodeBuiltins()], define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'error',
  })
  return file.text
}

/** Node's own modules are imported, whoever asks for them and how. */
function nodeBuiltins() {
  return {
    name: 'node-builtins',
    setup({ onResolve, onLoad }) {
      const names = new RegExp(`^(${builtinModules.join('|')})$`)
      onResolve({ filter: names }, ({ path, kind }) => kind === 'require-call' ? { path, namespace: 'node-builtin' } : { path: `node:${path}`, external: true })
      onLoad({ filter: /.*/, namespace: 'node-builtin' }, ({ path }) => ({ contents: `import * as all from 'node:${path}'; module.exports = all.default ?? all`, loader: 'js' }))
    },
  }
}

async function buildNitro() {
  const folder = join(HERE, 'rivals/nitro')
  rmSync(join(folder, '.output'), { recursive: true, force: true })
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(HERE, 'node_modules/nitro/dist/cli/index.mjs'), 'build', '--dir', folder], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`Nitro did not build.\n${stdout}${stderr}`)
  const root = join(folder, '.output/server')
  const files = filesOf(root).filter((path) => path.endsWith('.mjs') || path.endsWith('.js')).map((path) => ({ name: relative(root, path), text: minified(readFileSync(path, 'utf8')) }))
  return files.sort((a, b) => Number(b.name === 'index.mjs') - Number(a.name === 'index.mjs'))
}

/** What Nitro itself would do with a plugin that it does not bring. */
function minified(code) {
  return transformSync(code, { minify: true, format: 'esm', target: 'es2022' }).code
}

function filesOf(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesOf(path) : [path]
  })
}
