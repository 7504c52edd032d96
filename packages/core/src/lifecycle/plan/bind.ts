import { canonicalJson, digestOf, type Digest, type Manifest } from '@santokit/bridge/manifest'
import type { Artifact, Bundle } from '../../artifact/index.ts'
import type { ResolvedConfig, ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import type { ReleasePlan } from '../../plugin/contract.ts'
import type { PlannedRelease } from './format.ts'

/** What a release is about to be made from. */
export interface Making {
  readonly project: ResolvedProject
  readonly target: ResolvedTarget
  readonly bundle: Bundle
  readonly pkg: Artifact
  readonly plan: ReleasePlan
  /** Names of secrets that go with it. */
  readonly secrets: readonly string[]
}

/** Ties a planned release to everything that it is made from, by hashes. */
export function bindRelease({ project, target, bundle, pkg, plan, secrets }: Making, config: Pick<ResolvedConfig, 'root'>, revision: string | undefined): PlannedRelease {
  return {
    project: project.name,
    target: target.name,
    type: target.type,
    config: configDigest(project, target, config.root),
    ...partsOf(bundle.manifest),
    bundle: bundle.digest,
    package: pkg.digest,
    revision: revision ?? null,
    live: plan.from === null ? null : { id: plan.from.id, digest: plan.from.digest },
    observed: plan.observed,
    steps: plan.steps,
    secrets: [...secrets].sort(),
  }
}

/**
 * A hash of what the config says of a project and one of its targets. Secrets stand in it as names; what the checkout's own folder is
 * called does not count.
 */
function configDigest({ targets: _, ...project }: ResolvedProject, { name, type, options }: ResolvedTarget, root: string): Digest {
  const plain = JSON.stringify([project, { name, type, options }])
  return digestOf(canonicalJson(JSON.parse(plain.replaceAll(JSON.stringify(root).slice(1, -1), '.'))))
}

/** A manifest in pieces that a person can name. Together they are the bundle. */
function partsOf({ logic, digest: _, ...settings }: Manifest): Pick<PlannedRelease, 'logic' | 'settings'> {
  const hash = (value: unknown): Digest => digestOf(canonicalJson(value))
  const modules = new Set(Object.values(logic).map((entry) => (entry.kind === 'module' ? entry.module : '')))
  const shared = Object.entries(settings.files).filter(([path]) => !modules.has(path))
  return {
    logic: Object.fromEntries(Object.entries(logic).map(([path, entry]) => [path, hash([entry, entry.kind === 'module' ? settings.files[entry.module] : null])])),
    settings: Object.fromEntries(Object.entries({ ...settings, files: shared }).filter(([, value]) => value !== undefined).map(([name, value]) => [WORDS[name] ?? name, hash(value)])),
  }
}

const WORDS: { readonly [name: string]: string } = { files: 'shared code', schema: 'schema files', generator: 'the version of Santokit' }
