import { stripVTControlCharacters } from 'node:util'
import { StkError } from '@santokit/core'
import type { Api } from '../cloudflare/api.ts'
import { badToken, unreachable } from '../cloudflare/refusal.ts'
import type { Upload } from './deployer.ts'
import type { WranglerProgram } from './find.ts'
import type { WranglerOutcome } from './output.ts'

interface FailedRun {
  readonly code: number
  readonly program: WranglerProgram
  readonly api: Api
  readonly upload: Upload
}

/** The longest that is shown of what Cloudflare says, in characters. */
const LONGEST = 600

/** What a run that made nothing means. What was live still is. */
export function explainFailure(outcome: WranglerOutcome, run: FailedRun): StkError {
  const { code, program } = run
  if (outcome.kind === 'failed') return explainCode(outcome.code, reason(outcome.message, run))
  return new StkError('STK4208', {
    why: `wrangler ${program.version} ended with exit code ${code} and did not say why. What was live still is, unless stk releases says otherwise.`,
    fix: 'Run it again. If it stays: stk build, and run `npx wrangler deploy --dry-run` in the folder of the target below dist/.',
  })
}

function explainCode(code: number | undefined, said: string | undefined): StkError {
  if (code === 10000 || code === 9109 || code === 6003) return badToken('the upload', 401, [code])
  if (said !== undefined && /required secrets have not been set/.test(said)) {
    return new StkError('STK3004', {
      why: `${said.replaceAll(/\s+/g, ' ').replace(/ ?Use `.*$/, '').replace(/\.?$/, '.')} Nothing was changed.`,
      fix: 'stk deploy cfworker --push-secrets',
    })
  }
  if (said !== undefined && /fetch failed|\b(502|503|504)\b|malformed response/i.test(said)) return unreachable('the upload', 'the upload broke off')
  return new StkError('STK4208', {
    why: `Cloudflare did not take the upload${code === undefined ? '' : ` (code ${code})`}${said === undefined ? '.' : `: ${said}`}`,
    ...(code === 10021 ? { fix: 'A Worker must not fail while it starts: move what needs the network or a secret from module scope into the handler.' } : {}),
  })
}

/**
 * What wrangler passes on of Cloudflare's reason, in one line. Left out if a value stands in it that this run knows.
 */
function reason(message: string, { api, upload }: FailedRun): string | undefined {
  const text = stripVTControlCharacters(message).replaceAll(api.account.reveal(), '…').replaceAll(/\s+/g, ' ').trim()
  const values = [api.token, ...upload.secrets.values()].map((value) => value.reveal()).filter((value) => value.length > 0)
  if (text === '' || values.some((value) => text.includes(value) || message.includes(value))) return undefined
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
