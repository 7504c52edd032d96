import { constants, accessSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { SecretContext } from '@santokit/core'
import { z } from 'zod'
import type { ReadOptions } from '../options.ts'
import { refusal } from '../refusals.ts'
import type { Way } from '../way.ts'
import { classify } from './classify.ts'
import { opEnvironment, opRunner } from './process.ts'
import { resolveWithCli } from './resolve.ts'

const whoami = z.object({ url: z.string().optional(), email: z.string().optional(), user_type: z.string().optional() })

/** Through the `op` CLI: with a service account, or as the person whose 1Password app is unlocked. */
export function cliWay(program: string, { account }: ReadOptions, ctx: SecretContext): Way {
  const env = opEnvironment({ ...ctx.env, ...(account === undefined ? {} : { OP_ACCOUNT: account }) }, ctx)
  const isService = 'OP_SERVICE_ACCOUNT_TOKEN' in env
  const mode = isService ? 'op CLI, service account' : 'op CLI'
  return {
    async identify({ signal }) {
      const done = await opRunner(program, env, signal)(['whoami', '--format=json'])
      if (!done.ok) return refusal(classify(done.stderr).failure)
      const { email, url } = whoami.catch({}).parse(JSON.parse(done.stdout))
      return { identity: email ?? (isService ? `a service account${url === undefined ? '' : ` of ${host(url)}`}` : host(url ?? '1password.com')), mode }
    },
    async resolve(references, { signal, progress, interactive }) {
      if (interactive && !isService) progress('asking 1Password; its app may want your approval')
      return resolveWithCli(references, opRunner(program, env, signal))
    },
  }
}

/** The path of the CLI, or nothing where it is not installed. */
export function findOp(program: string, ctx: Pick<SecretContext, 'env' | 'root'>): string | undefined {
  if (isAbsolute(program)) return isProgram(program) ? program : undefined
  if (/[/\\]/.test(program)) return [resolve(ctx.root, program)].find(isProgram)
  const names = process.platform === 'win32' ? [`${program}.exe`, program] : [program]
  const folders = (ctx.env['PATH'] ?? ctx.env['Path'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
