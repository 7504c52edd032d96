// How long `stk build` takes on 1,000 logic files, beside rollup alone on the same modules and bare node.
//
//   npm run bench:build            700 SQL and 300 TypeScript files, medians of 5 rounds
//
// Numbers are whole processes, in milliseconds; a ratio is taken within its round, because machines drift.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const STK = join(ROOT, 'packages/core/bin/stk.mjs')
const SQL_FILES = 700
const MODULES = 300
const ROUNDS = Number(process.env.ROUNDS ?? 5)

const place = mkdtempSync(join(tmpdir(), 'santokit-bench-'))
try {
  writeProject()
  const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => measure(round)).slice(1)
  const names = Object.keys(rounds[0])
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  console.log(`\n  ${SQL_FILES} SQL + ${MODULES} TypeScript logics · Node ${process.versions.node} · ${ROUNDS} rounds, median (min–max)\n`)
  for (const name of names) {
    const values = rounds.map((round) => round[name])
    const ratio = median(rounds.map((round) => round[name] / round['rollup alone']))
    console.log(`  ${name.padEnd(34)} ${median(values).toFixed(0).padStart(6)} ms  (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`.padEnd(66) + `  ${ratio.toFixed(2)}× rollup alone`)
  }
} finally {
  rmSync(place, { recursive: true, force: true })
}

function measure(round) {
  for (const folder of ['.santokit', 'dist']) rmSync(join(place, folder), { recursive: true, force: true })
  const cold = time([STK, 'build'])
  const unchanged = time([STK, 'build'])
  writeFileSync(join(place, 'logic-root/logic/sql0/q0.sql'), sql(round + 1_000))
  const oneSql = time([STK, 'build'])
  writeFileSync(join(place, 'logic-root/logic/ts0/m0.ts'), typescript(round + 1_000))
  const oneModule = time([STK, 'build'])
  return {
    'stk build, cold': cold,
    'stk build, nothing changed': unchanged,
    'stk build, one SQL file changed': oneSql,
    'stk build, one TypeScript changed': oneModule,
    'rollup alone': time([join(place, 'rollup.mjs')]),
    'stk --help': time([STK, '--help']),
    'node, doing nothing': time(['-e', '0']),
  }
}

function time(args) {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  const ms = performance.now() - began
  if (status !== 0) throw new Error(`${args.join(' ')}\n${stdout}${stderr}`)
  return ms
}

function writeProject() {
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(place, 'santokit.config.ts'), `import { defineConfig, secret } from '@santokit/core'
import tarball from '@santokit/plugin-tarball'
export default defineConfig({
  plugins: [tarball()],
  projects: { big: { root: 'logic-root', databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } }, targets: { tarball: { to: 'file:releases' } } } },
})
`)
  for (let index = 0; index < SQL_FILES; index++) write(`sql${index % 20}/q${index}.sql`, sql(index))
  for (let index = 0; index < MODULES; index++) write(`ts${index % 10}/m${index}.ts`, typescript(index))
  // The same modules with the same plugins, and nothing around them.
  writeFileSync(join(place, 'rollup.mjs'), `import { rollup } from 'rollup'
import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { transform } from 'oxc-transform'
const input = Object.fromEntries(Array.from({ length: ${MODULES} }, (_, i) => ['ts' + i % 10 + '/m' + i, 'logic-root/logic/ts' + i % 10 + '/m' + i + '.ts']))
const oxc = { name: 'oxc', async transform(code, id) { if (!id.endsWith('.ts')) return null; const out = await transform(id, code, { lang: 'ts' }); return { code: out.code, map: null } } }
const build = await rollup({ input, plugins: [oxc, nodeResolve({ extensions: ['.ts', '.mjs', '.js'], exportConditions: ['node'] }), commonjs({ include: /node_modules/ })], onwarn() {} })
await build.write({ dir: 'rollup-out', format: 'es' })
`)
}

function write(path, text) {
  const file = join(place, 'logic-root/logic', path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
}

function sql(index) {
  return `---
access: authenticated
params:
  status: { type: string, enum: [open, paid] }
  limit: { type: int, default: 20, min: 1, max: 100 }
---
select id, total, note -- number ${index}
from orders_${index}
where user_id = :auth.sub and status = :status and note <> 'it''s :not a param'
order by id desc
limit :limit
`
}

function typescript(index) {
  return `import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'

interface Order { readonly id: string; readonly total: number }

export default defineLogic({
  access: ['admin'],
  params: z.object({ id: z.uuid(), reason: z.string().max(${200 + (index % 50)}) }),
  returns: z.object({ refunded: z.boolean() }),
  async handler({ params, db }) {
    const order = await db.main.row<Order & Record<string, unknown>>('select id, total from orders_${index} where id = $1', [params.id])
    return { refunded: order !== undefined && order.total > ${index} }
  },
})
`
}
