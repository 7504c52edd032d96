import { placeFlags, StkError, type SecretValue, type TargetContext } from '@santokit/core'
import { isOurs } from '../bundle/mark.ts'
import { openWorker } from '../cloudflare/open.ts'
import { ApiRefusal, CODES } from '../cloudflare/refusal.ts'
import { readSettings, writeSettings, type Binding, type SentBinding, type Worker } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import { observe, refuseForeign, secretNames, type LiveWorker } from './live.ts'
import { checkValues } from './values.ts'

type Context = TargetContext<WorkerSettings>

/** How many secrets Cloudflare takes in one request. */
const BATCH = 100

/** The names of what is live. `undefined` before there is a Worker of this target. */
export async function listSecrets(ctx: Context): Promise<readonly string[] | undefined> {
  const { version, mark } = await observe(await openWorker(ctx))
  return version === undefined || mark === undefined || !isOurs(mark, ctx) ? undefined : secretNames(version)
}

/** Sets secrets of what is live, a hundred at a time, each in one go. */
export async function setSecrets(values: ReadonlyMap<string, SecretValue>, ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  if (values.size === 0) return
  checkValues(values)
  const names = [...values.keys()].sort()
  for (let from = 0; from < names.length; from += BATCH) {
    const batch = new Set(names.slice(from, from + BATCH))
    await change(ctx, (there) => [
      ...kept(there, batch),
      ...[...batch].map((name): SentBinding => ({ type: 'secret_text', name, text: values.get(name)?.reveal() ?? '' })),
    ])
  }
}

/** Removes secrets, in one go. */
export async function removeSecrets(names: readonly string[], ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  if (names.length === 0) return
  const gone = new Set(names)
  await change(ctx, (there) => (there.some(({ name, type }) => type === 'secret_text' && gone.has(name)) ? kept(there, gone) : undefined))
}

/** Everything but these secrets, as it is. */
function kept(there: readonly Binding[], but: ReadonlySet<string>): readonly SentBinding[] {
  return there.filter(({ name, type }) => !(type === 'secret_text' && but.has(name))).map(({ name, type }) => ({ type, name }))
}

async function change(ctx: Context, write: (there: readonly Binding[]) => readonly SentBinding[] | undefined): Promise<void> {
  const worker = await openWorker(ctx)
  const live = await observe(worker)
  refuseForeign(live, worker, ctx)
  const there = await readSettings(worker)
  // Cloudflare would make an empty Worker to hold them.
  if (live.version === undefined || there === undefined) throw nothingThere(worker, ctx)
  const bindings = write(there)
  if (bindings === undefined) return
  ctx.signal.throwIfAborted()
  try {
    await writeSettings(worker, bindings, live.version)
  } catch (error) {
    if (error instanceof ApiRefusal && (error.has(CODES.latestNotDeployed) || error.has(CODES.latestSecretNotDeployed))) throw notNow(worker, live, ctx)
    throw error instanceof ApiRefusal ? error.explain() : error
  }
}

function nothingThere(worker: Worker, { project, target, environment }: Context): StkError {
  return new StkError('STK3011', {
    why: `There is no Worker "${worker.name}" yet. Its first release sets its secrets.`,
    fix: `stk release ${placeFlags({ project, target, environment })}`,
  })
}

function notNow(worker: Worker, { deployments }: LiveWorker, { project, target, environment }: Context): StkError {
  const shared = (deployments?.[0]?.versions.length ?? 1) > 1
  return new StkError('STK4207', {
    why: `The newest version of the Worker "${worker.name}" ${shared ? 'has only a part of the requests' : 'is not the one that is live'}, and Cloudflare changes the secrets of no other. Nothing was changed.`,
    fix: `stk deploy ${target.name} ${placeFlags({ project, environment })} --push-secrets`,
  })
}
