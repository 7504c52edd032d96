import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rollup'

/** Writes `fileName`: the licence of every package whose code stands in the built files, as each of them asks. */
export function thirdPartyNotices(fileName = 'THIRD-PARTY.txt'): Plugin {
  return {
    name: 'third-party-notices',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => chunk.type === 'chunk' ? Object.keys(chunk.modules) : [])
      // Declarations are built with the same plugins.
      if (modules.length === 0 || !Object.keys(bundle).some((name) => name.endsWith('.mjs'))) return
      const folders = new Set(modules.flatMap((id) => packageFolder(id) ?? []))
      this.emitFile({ type: 'asset', fileName, source: [...folders].sort().map(noticeOf).join(`\n${'-'.repeat(80)}\n\n`) })
    },
  }
}

/** The package a module id belongs to; virtual ids begin with a NUL and end with a query. */
function packageFolder(id: string): string | undefined {
  const [path = ''] = id.replace('\0', '').split('?')
  if (!path.includes('/node_modules/')) return undefined
  for (let folder = dirname(path); folder.includes('/node_modules/'); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && 'version' in readPackage(folder)) return folder
  }
  return undefined
}

function noticeOf(folder: string): string {
  const { name, version, license } = readPackage(folder)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`
}

function readPackage(folder: string): { readonly name?: string; readonly version?: string; readonly license?: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string; license?: string }
}
