import { StkError, type Artifact, type ArtifactFile, type Bundle, type Digest, type TargetContext } from '@santokit/core'
import type { WorkerSettings } from '../options.ts'
import { bundleWorker } from './bundle-worker.ts'
import { digestOf } from './digest.ts'
import { entryModule } from './entry.ts'
import { refuseUnfit } from './fitness.ts'
import { withoutReplaced } from './hyperdrive.ts'
import { writeMark, type Mark } from './mark.ts'
import { workerName } from './name.ts'
import { checkSize, describeSize, sizeOf, VARIABLE_LIMITS, type WorkerSize } from './size.ts'
import { configText, wranglerConfig } from './wrangler-config.ts'

/** A Worker, ready to be uploaded: `worker.js` and `wrangler.json`. */
export interface WorkerPackage extends Artifact {
  readonly meta: {
    /** The Worker's name. */
    readonly worker: string
    readonly bundle: Digest
    readonly content: Digest
    readonly size: { readonly raw: number; readonly gzip: number }
    /** Secrets that the Worker reads. */
    readonly secrets: readonly string[]
    /** Whether it answers on workers.dev. */
    readonly workersDev: boolean
  }
}

/**
 * Makes a Worker of a bundle: one module with the Bridge, the drivers and the logic, and the config it is uploaded with.
 *
 * @throws StkError STK4202 for what a Worker cannot do, STK4203 for one that is too large; nothing is uploaded to find out.
 */
export async function packageWorker(bundle: Bundle, ctx: TargetContext<WorkerSettings>): Promise<WorkerPackage> {
  const { options: settings, project, target, environment } = ctx
  const name = workerName(ctx)
  refuseUnfit(bundle, ctx)
  const config = wranglerConfig({ name, bundle, settings, baseUrl: project.baseUrl })
  const code = new TextEncoder().encode(await bundleWorker(bundle, entryModule(bundle, settings)))
  const size = sizeOf(code)
  checkSize(size, bundle, ctx)
  const content = digestOf(JSON.stringify([digestOf(code), configText(config)]))
  const mark: Mark = { project: project.name, target: target.name, environment, bundle: bundle.digest, content }
  const files = [fileOf('worker.js', code), fileOf('wrangler.json', new TextEncoder().encode(configText(config, writeMark(mark))))]
  refuseSecrets(files, ctx)
  const secrets = withoutReplaced(bundle.manifest.secrets, settings.hyperdrive).map((secret) => secret.name)
  if (secrets.length >= VARIABLE_LIMITS.free) ctx.warn(`The Worker has ${secrets.length} secrets: free plans take ${VARIABLE_LIMITS.free} with variables.`)
  ctx.progress(`worker.js ${describeSize(size)}`)
  return {
    digest: digestOf(JSON.stringify(files.map(({ path, digest }) => [path, digest]))),
    files,
    meta: { worker: name, bundle: bundle.digest, content, size: { ...size } satisfies WorkerSize, secrets, workersDev: config.workers_dev === true },
  }
}

function fileOf(path: string, bytes: Uint8Array): ArtifactFile {
  return { path, bytes, digest: digestOf(bytes) }
}

/** Whoever can read the Worker reads its code and variables. */
function refuseSecrets(files: readonly ArtifactFile[], ctx: TargetContext<WorkerSettings>): void {
  for (const { path, bytes } of files) {
    const name = ctx.secretIn(bytes)
    if (name === undefined) continue
    throw new StkError('STK2022', { why: `${path} of the Worker would hold the value of ${name}.`, fix: 'Take it out of the target\'s options, and let the Worker read it as a secret.' })
  }
}
