import { isStkError } from '@santokit/core'
import { z } from 'zod'
import { ask } from '../src/cloudflare/api.ts'
import { ApiRefusal, CODES } from '../src/cloudflare/refusal.ts'
import { deployVersions, type Worker } from '../src/cloudflare/worker.ts'
import type { OpenDeployer, Upload, Uploaded } from '../src/wrangler/deployer.ts'

/**
 * Sends what wrangler sends, without starting it: a second for each upload is too long for suites that make a hundred.
 * `wrangler.test.ts` holds the two to the same requests, and the peers' lane runs the suites with wrangler itself.
 */
export const quickDeployer: OpenDeployer = (worker) => {
  const deploy = async (upload: Upload): Promise<Uploaded> => {
    const exists = await isThere(worker)
    const version = exists ? await addVersion(worker, upload, {}) : await put(worker, upload)
    if (exists) await deployVersions(worker, [{ id: version, percentage: 100 }], { message: upload.message ?? '' })
    if (exists) await json(worker, 'PATCH', '/script-settings', { observability: configOf(upload).observability })
    await json(worker, 'POST', '/subdomain', { enabled: configOf(upload).workers_dev, previews_enabled: configOf(upload).preview_urls })
    return { version, previewUrl: undefined }
  }
  return {
    deploy,
    upload: async ({ previewAlias, ...upload }) => ({
      version: await addVersion(worker, upload, previewAlias === undefined ? {} : { 'workers/alias': previewAlias }),
      previewUrl: previewAlias === undefined ? undefined : `https://${previewAlias}-${worker.name}.acme.workers.dev`,
    }),
  }
}

interface Config {
  readonly compatibility_date: string
  readonly compatibility_flags: readonly string[]
  readonly vars: Record<string, string>
  readonly secrets: { readonly required: readonly string[] }
  readonly hyperdrive?: readonly { readonly binding: string; readonly id: string }[]
  readonly observability: object
  readonly placement?: object
  readonly workers_dev: boolean
  readonly preview_urls: boolean
  readonly version_metadata: { readonly binding: string }
}

function configOf({ files }: Upload): Config {
  return JSON.parse(new TextDecoder().decode(files.find(({ path }) => path === 'wrangler.json')?.bytes)) as Config
}

async function isThere({ api, name }: Worker): Promise<boolean> {
  try {
    await ask(api, { path: `workers/services/${name}`, what: 'the service' }, z.unknown())
    return true
  } catch (error) {
    if (error instanceof ApiRefusal && error.has(CODES.serviceNotFound)) return false
    throw error
  }
}

async function put(worker: Worker, upload: Upload): Promise<string> {
  const { deployment_id: id } = await send(worker, 'PUT', '', upload, {}, z.object({ deployment_id: z.string() }))
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-')
}

async function addVersion(worker: Worker, upload: Upload, more: Record<string, string>): Promise<string> {
  return (await send(worker, 'POST', '/versions', upload, more, z.object({ id: z.string() }))).id
}

async function send<Schema extends z.ZodType>({ api, name }: Worker, method: 'PUT' | 'POST', path: string, upload: Upload, more: Record<string, string>, schema: Schema): Promise<z.output<Schema>> {
  const config = configOf(upload)
  const body = new FormData()
  body.set('metadata', JSON.stringify({
    main_module: 'worker.js',
    bindings: [
      ...config.secrets.required.filter((secret) => !upload.secrets.has(secret)).map((secret) => ({ name: secret, type: 'inherit' })),
      ...Object.entries(config.vars).map(([key, text]) => ({ name: key, type: 'plain_text', text })),
      ...[...upload.secrets].map(([key, value]) => ({ name: key, type: 'secret_text', text: value.reveal() })),
      ...(config.hyperdrive ?? []).map(({ binding, id }) => ({ name: binding, type: 'hyperdrive', id })),
      { name: config.version_metadata.binding, type: 'version_metadata' },
    ],
    compatibility_date: config.compatibility_date,
    compatibility_flags: config.compatibility_flags,
    keep_bindings: ['secret_text', 'secret_key'],
    ...(config.placement === undefined ? {} : { placement: config.placement }),
    annotations: { 'workers/tag': upload.tag, ...(upload.message === undefined ? {} : { 'workers/message': upload.message }), ...more },
    ...(more['workers/alias'] === undefined ? { observability: config.observability } : {}),
  }))
  const module = upload.files.find((file) => file.path === 'worker.js')
  body.set('worker.js', new File([new Uint8Array(module?.bytes ?? [])], 'worker.js', { type: 'application/javascript+module' }))
  // `ask` has no PUT, which a release never makes but through wrangler.
  try {
    return await ask(api, { method: method as 'POST', path: `workers/scripts/${name}${path}?bindings_inherit=strict`, body, what: 'the upload' }, schema)
  } catch (error) {
    throw error instanceof ApiRefusal && !isStkError(error) ? error.explain() : error
  }
}

async function json({ api, name }: Worker, method: 'POST' | 'PATCH', path: string, body: object): Promise<void> {
  await ask(api, { method, path: `workers/scripts/${name}${path}`, body, what: 'a setting' }, z.unknown())
}
