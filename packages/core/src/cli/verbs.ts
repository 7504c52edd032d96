import type { Verb } from './verb.ts'

/** A verb as `stk --help` lists it, and how to load it. */
export interface VerbListing {
  readonly name: string
  readonly summary: string
  load(): Promise<Verb>
}

// `as unknown`: a verb's options are its own; the dispatcher only passes them on.
const listing = (name: string, summary: string, load: () => Promise<unknown>): VerbListing =>
  ({ name, summary, load: load as () => Promise<Verb> })

/** Every verb, in the order a newcomer meets them. The summaries stand here so that the overview loads nothing. */
export const VERBS: readonly VerbListing[] = [
  listing('init', 'Write a first project and its config here, or a plugin package', async () => (await import('./verbs/init.ts')).init),
  listing('dev', 'Serve every project and reload on save', async () => (await import('./verbs/dev.ts')).dev),
  listing('bundle', 'Compile logic into a bundle and its manifest', async () => (await import('./verbs/bundle.ts')).bundle),
  listing('build', 'Bundle every project and package it for its targets', async () => (await import('./verbs/build.ts')).build),
  listing('plan', 'Show what a release would do, and what it breaks', async () => (await import('./verbs/plan.ts')).plan),
  listing('release', 'Make what is built live, and verify it', async () => (await import('./verbs/release.ts')).release),
  listing('deploy', 'Build and release one target in one go', async () => (await import('./verbs/deploy.ts')).deploy),
  listing('releases', 'List what was released, newest first', async () => (await import('./verbs/releases.ts')).releases),
  listing('rollback', 'Make the previous release live again', async () => (await import('./verbs/rollback.ts')).rollback),
  listing('promote', 'Make what one environment runs live in another', async () => (await import('./verbs/promote.ts')).promote),
  listing('schema', 'Plan what a database needs, and apply what was approved', async () => (await import('./verbs/schema.ts')).schema),
  listing('secrets', 'Write a template of the declared secrets, check them, set them on a platform', async () => (await import('./verbs/secrets.ts')).secrets),
  listing('run', "Run a command with a project's secrets in its environment", async () => (await import('./verbs/run.ts')).run),
  listing('sync', 'Write the types of @santokit/client', async () => (await import('./verbs/sync.ts')).sync),
  listing('doctor', 'Look at tools, versions, credentials and reachability', async () => (await import('./verbs/doctor.ts')).doctor),
  listing('inspect', 'Show the resolved config and who set each value', async () => (await import('./verbs/inspect.ts')).inspect),
]
