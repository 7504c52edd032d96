import { StkError, type TargetContext } from '@santokit/core'
import { workerName } from '../bundle/name.ts'
import type { WorkerSettings } from '../options.ts'
import type { Worker } from './worker.ts'

/** The Worker that a command is about, with the credentials of the options. Nothing is asked yet. */
export async function openWorker(ctx: TargetContext<WorkerSettings>): Promise<Worker> {
  const { options, signal } = ctx
  const [token, account] = await Promise.all([ctx.credential(options.token), ctx.credential(options.account)])
  if (token === undefined || account === undefined) {
    throw new StkError('STK4002', {
      why: `The Worker of "${ctx.project.name}" needs ${token === undefined ? 'a token' : 'an account'}, and none is set.`,
      fix: ['export CLOUDFLARE_API_TOKEN=…', 'export CLOUDFLARE_ACCOUNT_ID=…'],
    })
  }
  return { api: { url: options.apiUrl, token, account, signal }, name: workerName(ctx) }
}
