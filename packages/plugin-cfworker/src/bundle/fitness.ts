import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StkError, type Bundle, type SourceLocation, type TargetContext } from '@santokit/core'
import type { WorkerSettings } from '../options.ts'
import { findingsIn } from './findings.ts'
import { modulesOf, type BundledModule } from './modules.ts'

type Context = Pick<TargetContext<WorkerSettings>, 'project' | 'root'>

/**
 * Refuses a project that could not run as a Worker, as far as its config and code say so.
 *
 * @throws StkError STK4202 for each thing that a Worker cannot do, with the logic or database to blame, all at once.
 */
export function refuseUnfit(bundle: Pick<Bundle, 'files' | 'manifest'>, ctx: Context): void {
  const errors = [...unfitDatabases(bundle, ctx), ...unfitModules(bundle, ctx)]
  const [first, ...others] = errors
  if (first === undefined) return
  throw others.length === 0 ? first : first.with({ others })
}

function unfitDatabases({ manifest }: Pick<Bundle, 'manifest'>, { project }: Context): readonly StkError[] {
  return Object.entries(manifest.databases).flatMap(([alias, { url }]) => {
    if (typeof url !== 'string' || !/^(file:|:memory:|\.{0,2}\/)/.test(url)) return []
    return [new StkError('STK4202', {
      why: `The database "${alias}" of project "${project.name}" is a file, and a Worker has no disk.`,
      fix: `Name a server: databases.${alias}.url: secret('${alias.toUpperCase()}_URL')`,
      configPath: `projects.${project.name}.databases.${alias}.url`,
    })]
  })
}

function unfitModules(bundle: Pick<Bundle, 'files' | 'manifest'>, ctx: Context): readonly StkError[] {
  return modulesOf(bundle).flatMap((module) => findingsIn(module.code).map(({ what, fix, written }) => {
    const where = module.sources.map((source) => sourceOf(source, written, ctx)).find((each) => each !== undefined)
    return new StkError('STK4202', { why: `${blamed(module)} ${where === undefined ? 'brings along code that ' : ''}${what}.`, fix, ...(where === undefined ? {} : { where }) })
  }))
}

function blamed({ logic, path }: BundledModule): string {
  const [first, ...others] = logic.map((each) => `"${each}"`)
  if (first === undefined) return path
  return others.length === 0 ? first : others.length < 3 ? [first, ...others].join(', ') : `${first} and ${others.length} others`
}

/** Where the logic's own file says it. `undefined` if it came along with something that the file imports. */
function sourceOf(source: string, written: string, { project, root }: Context): SourceLocation | undefined {
  const file = join(project.root, source)
  try {
    const text = readFileSync(file, 'utf8')
    const at = ["'", '"'].flatMap((quote) => [text.indexOf(`${quote}${written}${quote}`), text.indexOf(`${quote}node:${written}${quote}`)])
      .concat(/\W/.test(written) || /[A-Z]/.test(written) ? [text.indexOf(written)] : []).filter((index) => index !== -1).sort((a, b) => a - b)[0]
    if (at === undefined) return undefined
    const before = text.slice(0, at).split('\n')
    const shown = file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file
    return { file: shown, text, line: before.length, column: (before.at(-1) ?? '').length + 1, length: written.length }
  } catch {
    return undefined
  }
}
