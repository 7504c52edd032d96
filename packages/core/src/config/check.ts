import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { digestOf } from '@santokit/bridge/manifest'
import type { z } from 'zod'
import { VERSION } from '../version.ts'
import { isMergeable, type Tree } from './merge.ts'
import type { CheckedConfig, CheckedProject } from './schema.ts'

/** A merged config that was checked, or what is wrong with it. */
export type Checked = { readonly config: CheckedConfig } | { readonly error: z.ZodError; readonly schema: z.core.$ZodType }

/**
 * Checks a merged config and fills defaults in.
 *
 * What a config became is kept, because loading what checks it takes longer than the check: by a digest of all that was looked
 * at. Options of targets are not: they belong to plugins, may be secret, and come out as they went in.
 *
 * @param file the config file and its environment, for each of which one is kept.
 * @param folder where. One that cannot be written costs time only.
 */
export async function checkConfig(merged: Tree, file: string, folder: string): Promise<Checked> {
  const split = withoutOptions(merged)
  const place = join(folder, `checked-${digestOf(file).slice('sha256:'.length, 'sha256:'.length + 16)}.json`)
  const key = split === undefined ? undefined : digestOf(JSON.stringify([VERSION, builtAt(), split.rest]))
  const known = key === undefined ? undefined : readKept(place, key)
  if (split !== undefined && known !== undefined) return { config: withOptions(known, split.options) }

  const { configSchema: schema } = await import('./schema.ts')
  const parsed = schema.safeParse(merged)
  if (!parsed.success) return { error: parsed.error, schema }
  if (key !== undefined) writeKept(place, key, withOptions(parsed.data, undefined))
  return { config: parsed.data }
}

/** By project, what is written for each of its targets. */
type Options = Readonly<Record<string, CheckedProject['targets']>>

interface Split {
  /** All but the options. Holds nothing but what JSON can say. */
  readonly rest: unknown
  readonly options: Options
}

/** `undefined` for a config that is not the same after it was written as JSON, and for one that is not shaped like one. */
function withoutOptions(merged: Tree): Split | undefined {
  const { projects = {} } = merged
  if (!isMergeable(projects)) return undefined
  const options: Record<string, CheckedProject['targets']> = {}
  const bare: Record<string, unknown> = {}
  for (const [name, project] of Object.entries(projects)) {
    if (!isMergeable(project)) return undefined
    const { targets = {} } = project
    if (!isMergeable(targets) || !Object.values(targets).every(isMergeable)) return undefined
    options[name] = targets as CheckedProject['targets']
    bare[name] = { ...project, targets: Object.fromEntries(Object.entries(targets as Readonly<Record<string, Tree>>).map(([target, { type }]) => [target, type === undefined ? {} : { type }])) }
  }
  const rest = { ...merged, projects: bare }
  return isJson(rest) ? { rest, options } : undefined
}

/** The same config with these options, or with none but the types. */
function withOptions(config: CheckedConfig, options: Options | undefined): CheckedConfig {
  const typeOnly = (targets: CheckedProject['targets']): CheckedProject['targets'] =>
    Object.fromEntries(Object.entries(targets).map(([name, { type }]) => [name, type === undefined ? {} : { type }]))
  return {
    ...config,
    projects: Object.fromEntries(Object.entries(config.projects).map(([name, project]) =>
      [name, { ...project, targets: options === undefined ? typeOnly(project.targets) : options[name] ?? {} }])),
  }
}

function isJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value)
    return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
  }
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}

/** Tells one build of this file from another of the same version, for those who work on it. */
function builtAt(): readonly number[] {
  const { size, mtimeMs } = statSync(fileURLToPath(import.meta.url))
  return [size, mtimeMs]
}

function readKept(place: string, key: string): CheckedConfig | undefined {
  try {
    const kept = JSON.parse(readFileSync(place, 'utf8')) as { readonly key: unknown; readonly digest: unknown; readonly config: CheckedConfig }
    return kept.key === key && kept.digest === digestOf(JSON.stringify(kept.config)) ? kept.config : undefined
  } catch {
    return undefined
  }
}

function writeKept(place: string, key: string, config: CheckedConfig): void {
  const text = JSON.stringify(config)
  if (!isDeepStrictEqual(JSON.parse(text), config)) return
  try {
    mkdirSync(dirname(place), { recursive: true })
    // Renamed into place, so that a command beside this one never reads half a file.
    writeFileSync(`${place}.${process.pid}`, `{"key":"${key}","digest":"${digestOf(text)}","config":${text}}`)
    renameSync(`${place}.${process.pid}`, place)
  } catch {
    // It is checked again the next time.
  }
}
