// The servers of the bench: how each is started, and how it is spoken to.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { DIALECTS, SQL } from './scenarios.mjs'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
const BRIDGE = process.env.BRIDGE ?? join(ROOT, 'packages/bridge/dist/node.mjs')

/**
 * @param place a folder for what is made.
 * @param wanted by name: what is not wanted need not be installed.
 * @returns the servers by name; `why` in place of `start` says why one is left out.
 */
export async function describeServers({ place, database, issuer, wanted = () => true }) {
  const manifest = await writeManifest(place, issuer)
  const env = { DATABASE_URL: database, ISSUER: issuer.issuer, JWKS: issuer.jwks }
  const rival = (file) => ({ dialect: DIALECTS.routes, start: { args: [join(HERE, 'servers', file)], env } })
  return {
    'Bridge': {
      dialect: DIALECTS.call,
      start: { args: [BRIDGE], env: { ...env, MANIFEST_PATH: manifest, HOST: '127.0.0.1', PORT: '0' } },
    },
    'ceiling': { dialect: DIALECTS.call, start: { args: [await bundleCeiling(place)], env: { ...env, MANIFEST_PATH: manifest } }, unchecked: true },
    'node:http + pg': rival('node-pg.mjs'),
    'h3 + pg': rival('h3.mjs'),
    'Fastify + pg + zod + jose': rival('fastify.mjs'),
    'Hono + postgres.js': rival('hono.mjs'),
    'PostGraphile': { dialect: DIALECTS.graphql, ...(wanted('PostGraphile') ? postgraphile(env) : {}) },
    'bare': { ...rival('bare.mjs'), startOnly: true },
  }
}

/** A manifest as `stk bundle` writes it: each query open to everyone, and for those with a token only. */
async function writeManifest(place, { issuer, jwks }) {
  const { canonicalJson, manifestDigest, paramsJsonSchema } = await import(join(ROOT, 'packages/bridge/dist/manifest.mjs'))
  const inputs = {
    item: [{ name: 'id', type: 'int', min: 1, max: 2_147_483_647 }], items: [{ name: 'after', type: 'int', min: 0 }],
    event: [{ name: 'itemId', type: 'int', min: 1 }, { name: 'note', type: 'string', max: 200 }], note: [{ name: 'id', type: 'int', min: 1 }],
    sleep: [],
  }
  const logic = {}
  for (const [query, text] of Object.entries(SQL)) {
    const specs = inputs[query].map((input) => ({ array: false, required: true, ...input }))
    for (const [namespace, access] of [['open', 'public'], ['mine', 'authenticated']]) {
      logic[`${namespace}/${query}`] = {
        kind: 'sql', access, private: false, source: `logic/${namespace}/${query}.sql`, database: query === 'note' ? 'own' : 'main', text,
        inputs: specs, params: paramsJsonSchema(specs), result: query === 'items' ? 'rows' : 'row', readOnly: query !== 'event',
        bindings: specs.map(({ name }) => ({ from: 'param', name })),
      }
    }
  }
  const pg = { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 10, queue: 1000 }, statementTimeout: 10_000, prepare: true }
  const content = {
    manifestVersion: 1, project: 'bench', generator: '0.0.0-bench', databases: { main: { ...pg, rls: false }, own: { ...pg, rls: true } },
    auth: { mode: 'issuers', issuers: [{ issuer, audience: ['bench'], jwksUri: jwks, algorithms: ['RS256'], claims: { roles: 'roles' }, clockTolerance: 5 }] },
    logic, limits: { bodyBytes: 1_000_000, jsonDepth: 32, timeout: 10_000, concurrency: 1000, callDepth: 8 },
    schema: {}, secrets: [{ name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url', 'databases.own.url'] }], files: {}, runtime: { node: '>=20.19' },
  }
  const file = join(place, 'manifest.json')
  writeFileSync(file, canonicalJson({ ...content, digest: manifestDigest(content) }))
  return file
}

/** The Bridge's driver comes from its sources: nothing of it is exported. */
async function bundleCeiling(place) {
  const outfile = join(place, 'ceiling.mjs')
  await build({
    entryPoints: [join(HERE, 'servers/ceiling.ts')], outfile, bundle: true, minify: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'error',
    external: ['pg-native', 'pg-cloudflare', '@libsql/client'], banner: { js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);` },
  })
  return outfile
}

/** PostGraphile 5 needs Node 22, which npm has as a package. */
function postgraphile(env) {
  const start = { args: [join(HERE, 'servers/postgraphile.mjs')], env }
  if (Number(process.versions.node.split('.')[0]) >= 22) return { start }
  const folder = join(HERE, 'node_modules/.cache/node-22')
  const name = `node-${process.platform}-${process.arch}`
  const command = join(folder, 'node_modules', name, 'bin/node')
  if (!existsSync(command)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', `${name}@22`], { cwd: folder, stdio: 'inherit' })
  }
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (!stdout?.startsWith('v22.')) return { why: `PostGraphile 5 needs Node 22, and ${name}@22 is not to be had.` }
  return { start: { ...start, command } }
}
