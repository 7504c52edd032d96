// How long a person waits between saving a logic and the first answer that is made by it, with `stk dev` on a copy of the
// playground's shop (Postgres and libSQL embedded), beside `node --watch` on a bare server without a database.
//
//   npm run bench:dev              medians of 10 saves each; ROUNDS=30 for more
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { prepare } from '../scripts/prepare.mjs'

prepare()
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROUNDS = Number(process.env.ROUNDS ?? 10)
const place = mkdtempSync(join(tmpdir(), 'santokit-bench-dev-'))
const children = []
// It restarts at the same address.
const port = await freePort()

try {
  writeProject()
  const dev = await start([join(ROOT, 'packages/core/bin/stk.mjs'), 'dev', '--port', '0', '--json'], (text) => /"serving".*?"url":"([^"]+)"/.exec(text)?.[1])
  const bare = await start(['--watch', '--watch-preserve-output', 'bare.mjs'], (text) => /(http:\S+)/.exec(text)?.[1])
  const results = {}
  for (let round = -1; round < ROUNDS; round += 1) {
    const measured = {
      'stk dev, SQL': await measure('shop/logic/bench/sql.sql', (mark) => sql(mark), () => call(dev, 'bench/sql')),
      'stk dev, TypeScript': await measure('shop/logic/bench/module.ts', (mark) => typescript(mark), () => call(dev, 'bench/module')),
      'stk dev, config': await measure('santokit.config.ts', (mark) => config(mark), async () => (await fetch(`${dev}/openapi.json`)).text()),
      'node --watch, a bare server': await measure('bare.mjs', (mark) => bareServer(mark), async () => (await fetch(bare)).text()),
    }
    // The first round warms up.
    if (round >= 0) for (const [name, ms] of Object.entries(measured)) results[name] = [...(results[name] ?? []), ms]
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  console.log(`\n  From the save to the first new answer · Node ${process.versions.node} · ${ROUNDS} saves each, median (min–max)\n`)
  for (const [name, values] of Object.entries(results)) {
    const ratio = median(values.map((ms, index) => ms / results['node --watch, a bare server'][index]))
    console.log(`  ${name.padEnd(30)} ${median(values).toFixed(0).padStart(5)} ms  (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`.padEnd(58) + `${ratio.toFixed(2)}× node --watch`)
  }
} finally {
  for (const child of children) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }
  rmSync(place, { recursive: true, force: true })
}

/** Saves, then asks until the answer holds the mark. Between two saves there is a pause, as with people. */
async function measure(file, textOf, ask) {
  await delay(300)
  const mark = `mark${Math.random().toString(36).slice(2)}`
  const began = performance.now()
  writeFileSync(join(place, file), textOf(mark))
  while (!(await ask().catch(() => '')).includes(mark)) {
    if (performance.now() - began > 20_000) throw new Error(`${file} was saved, and nothing new answers`)
    await delay(1)
  }
  return performance.now() - began
}

async function call(url, path) {
  const answer = await fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path, params: { word: 'x' } }) })
  return answer.text()
}

async function start(args, ready) {
  const child = spawn(process.execPath, args, { cwd: place, env: { ...process.env, NO_COLOR: '1', STK_ENV: undefined }, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}\n${text}`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      const found = ready(text)
      if (found !== undefined) resolve(found)
    })
  })
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: found } = server.address()
      server.close(() => resolve(found))
    })
  })
}

function writeProject() {
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  cpSync(join(ROOT, 'playground/shop'), join(place, 'shop'), { recursive: true })
  cpSync(join(ROOT, 'playground/databases.d.ts'), join(place, 'databases.d.ts'))
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(place, 'santokit.config.ts'), config('none'))
  mkdirSync(join(place, 'shop/logic/bench'))
  writeFileSync(join(place, 'shop/logic/bench/sql.sql'), sql('none'))
  writeFileSync(join(place, 'shop/logic/bench/module.ts'), typescript('none'))
  writeFileSync(join(place, 'bare.mjs'), bareServer('none'))
}

function config(mark) {
  return `import { defineConfig, secret } from '@santokit/core'
import tarball from '@santokit/plugin-tarball'
export default defineConfig({
  plugins: [tarball()],
  projects: { shop: {
    root: 'shop', databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } }, baseUrl: 'https://${mark}.example.com',
    auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'shop' }] }, permissions: { 'stock/report': ['admin'] }, targets: { tarball: { to: 'file:releases' } },
  } },
})
`
}

function sql(mark) {
  return `---\naccess: public\nparams:\n  word: string\n---\nselect :word || ' ${mark}' as word from products limit 1\n`
}

function typescript(mark) {
  return `import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'
export default defineLogic({
  access: 'public', params: z.object({ word: z.string().max(10) }),
  handler: async ({ params, db }) => ({ word: \`\${params.word} ${mark}\`, ...(await db.main.row('select id from products limit 1')) }),
})
`
}

function bareServer(mark) {
  return `import { createServer } from 'node:http'
const server = createServer((request, response) => response.end('${mark}')).listen(${port}, '127.0.0.1', () => console.log('http://127.0.0.1:${port}'))
`
}
