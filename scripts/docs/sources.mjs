// Runs TypeScript of this repository from its sources, packages included, on any Node that it supports.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createJiti } from 'jiti'
import ts from 'typescript'
import { ROOT } from '../prepare.mjs'

/** Imports a TypeScript file, given from the root of the repository. */
export async function importSource(path) {
  const { config } = ts.parseConfigFileTextToJson('tsconfig.json', readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'))
  const alias = Object.fromEntries(Object.entries(config.compilerOptions.paths).map(([name, [source]]) => [name, join(ROOT, source)]))
  return createJiti(import.meta.url, { alias, fsCache: false }).import(join(ROOT, path))
}
