// What `npm start` shows: the playground built, released to a folder, and each project served by its own Bridge from that
// release, on databases of this machine. Stays up until Ctrl-C.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hclLoader, startEmbeddedDatabases, loadSchemaAndSeed, startLocalIssuer } from '@santokit/core/dev'
import { loadConfig } from '@santokit/core/lifecycle'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const STK = join(ROOT, 'node_modules/.bin/stk')
const BRIDGE = join(ROOT, 'node_modules/.bin/santokit-bridge')
const PORTS = { shop: 4001, links: 4002 }

const stopping = new AbortController()
const cleanups = []
let stop = () => {
  stop = () => process.exit(130)
  stopping.abort()
}
process.on('SIGINT', () => stop())
process.on('SIGTERM', () => stop())

try {
  await main()
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`\n✖ ${error.message}\n`)
    process.exitCode = 1
  }
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup()
}
if (stopping.signal.aborted) process.exitCode = 130

async function main() {
  title('npx stk build')
  await stk('build')
  title('npx stk release --yes')
  await stk('release', '--yes')

  title('Databases and a token issuer on this machine')
  const { config, host } = await loadConfig({ cwd: ROOT, command: 'start', env: process.env })
  const { projects } = config
  const databases = await startEmbeddedDatabases({ projects, root: ROOT, dataDir: join(ROOT, '.santokit/start'), env: {}, fresh: true, report: (message) => say(message) })
  cleanups.push(() => databases.stop())
  const openHcl = hclLoader({ config, host, env: process.env, signal: stopping.signal, report: (event) => event.message && say(event.message) })
  for (const project of projects) {
    for (const { alias, action } of await loadSchemaAndSeed({ project, databases: databases.databases(project.name), root: ROOT, openHcl })) {
      say(`${project.name}.${alias}: schema and seed ${action}`)
    }
  }
  const issuer = await startLocalIssuer()
  cleanups.push(() => issuer.close())

  title('One Bridge for each project, from its release')
  const bridges = {}
  for (const project of projects) {
    const { id, details } = await liveRelease(project.name)
    bridges[project.name] = await startBridge(project.name, { ...details, ...databases.settings(project.name), STK_DEV: '1', STK_DEV_ISSUER: issuer.url })
    say(`${project.name.padEnd(6)} ${bridges[project.name]}  release ${id}`)
  }

  title('A few calls')
  const alice = await issuer.mint({ sub: 'alice', audience: 'shop', expiresIn: '12h' })
  const bob = await issuer.mint({ sub: 'bob', audience: 'links', expiresIn: '12h' })
  const { shop, links } = bridges
  const [found] = await call(shop, 'products/search', { q: 'lamp', limit: 3 })
  await call(shop, 'cart/add', { productId: found.id, quantity: 2 }, alice)
  const { total } = await call(shop, 'orders/place', {}, alice)
  await call(shop, 'orders/list', { limit: 1 }, alice)
  await call(shop, 'stock/report', {}, alice)
  const { slug } = await call(links, 'links/create', { url: 'https://example.com/a/very/long/path' }, bob)
  await call(links, 'links/resolve', { slug })

  title('Go on with')
  console.log(`  curl ${shop}/call -H 'content-type: application/json' -d '{ "path": "products/search", "params": { "q": "lamp", "sort": "price" } }'
  curl '${shop}/call/categories/list'
  curl ${shop}/openapi.json
  curl ${shop}/health

  export TOKEN=${alice}
  curl ${shop}/call -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{ "path": "orders/list" }'

  The order above cost ${total}. The sources are in playground/; edit one and run npx stk dev.
  Ctrl-C stops everything.
`)
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }))
  console.log('\n  stopping …')
}

function title(text) {
  stopping.signal.throwIfAborted()
  console.log(`\n── ${text}`)
}

function say(text) {
  console.log(`  ${text}`)
}

/** Runs `stk` as a person would, and shows what it prints. */
async function stk(...args) {
  const { code } = await run([STK, ...args], 'inherit')
  if (code !== 0) throw new Error(`stk ${args.join(' ')} ended with ${code}`)
}

/** What the platform says is live, with the variables that pin a Bridge to it. */
async function liveRelease(project) {
  const { code, stdout } = await run([STK, 'releases', '--project', project, '--limit', '1', '--json'], 'pipe')
  const release = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)).find((event) => event.type === 'release')
  if (code !== 0 || release === undefined) throw new Error(`${project} has no release`)
  return release
}

function run(args, output) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', output, 'inherit'] })
    let stdout = ''
    child.stdout?.on('data', (chunk) => (stdout += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout }))
  })
}

/** Starts a Bridge as an operator would: a process, and nothing but its environment. */
async function startBridge(project, env) {
  for (const port of [PORTS[project] ?? 0, 0]) {
    const child = spawn(process.execPath, [BRIDGE], {
      env: { PATH: process.env.PATH, ...env, PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C reaches every process of a terminal's group; Bridges are stopped by us, in order.
      detached: process.platform !== 'win32',
    })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    const { url, output } = await listening(child)
    if (url !== undefined) {
      cleanups.push(async () => {
        child.kill('SIGTERM')
        await ended
      })
      return url
    }
    if (!output.includes('EADDRINUSE') || port === 0) throw new Error(`the Bridge of ${project} did not start\n${output}`)
  }
}

function listening(child) {
  return new Promise((resolve) => {
    let output = ''
    const read = (chunk) => {
      output += chunk
      const line = output.split('\n').find((candidate) => candidate.includes('"listening"') && candidate.endsWith('}'))
      if (line !== undefined) resolve({ url: JSON.parse(line).url, output })
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('close', () => resolve({ url: undefined, output }))
  })
}

async function call(url, path, params, token) {
  const began = performance.now()
  const answer = await fetch(`${url}/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ path, params }),
  })
  const body = await answer.json()
  const ms = (performance.now() - began).toFixed(0)
  const text = JSON.stringify(body.data ?? { code: body.code, detail: body.detail })
  console.log(`  ${String(answer.status)}  ${path.padEnd(16)} ${JSON.stringify(params).padEnd(34)} ${ms.padStart(3)} ms  ${text.length > 90 ? `${text.slice(0, 89)}…` : text}`)
  return body.data
}
