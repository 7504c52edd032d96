// npm run docs:generate writes the pages of docs/ that come from the sources. npm run docs does, then builds the manual with
// VitePress, which is installed on first use into docs/.vitepress, apart from the product's dependencies. A dead link is an error.
// npm run docs -- --serve shows it while pages are written.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { prepare, ROOT } from './prepare.mjs'

// What is built is not needed, what is installed is.
if (!existsSync(join(ROOT, 'node_modules/jiti'))) prepare()
const { importSource } = await import('./docs/sources.mjs')
const { generatedPages } = await importSource('scripts/docs/pages.ts')
for (const { path, text } of await generatedPages()) {
  const file = join(ROOT, path)
  const isNew = !existsSync(file) || readFileSync(file, 'utf8') !== text
  mkdirSync(dirname(file), { recursive: true })
  if (isNew) writeFileSync(file, text)
  console.log(`  ${isNew ? '✔ written' : '· as it was'}  ${path}`)
}
if (process.argv.includes('--generate')) process.exit(0)

const site = join(ROOT, 'docs/.vitepress')
const lock = readFileSync(join(site, 'package-lock.json'), 'utf8')
const stamp = join(site, 'node_modules/.installed-lock.json')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('\n  installing VitePress …')
  // Nothing of it has to run at install.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], site)
  writeFileSync(stamp, lock)
}
const verb = process.argv.includes('--serve') ? 'dev' : 'build'
run(process.execPath, [join(site, 'node_modules/vitepress/bin/vitepress.js'), verb, join(ROOT, 'docs')], ROOT)
if (verb === 'build') console.log('\n  docs/.vitepress/dist')

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
