import type { RequiredSecret } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../config/resolved.ts'
import { StkError, throwAll } from '../diagnostics/index.ts'
import { declaredSecrets, targetCredentials } from '../secrets/declared.ts'
import { formFault } from '../secrets/form.ts'
import type { SecretValue } from '../secrets/secret-value.ts'
import type { LifecycleContext } from './context.ts'

/** What may be left out of an optional secret's value. */
const NOT_THERE: ReadonlySet<string> = new Set(['item-not-found', 'field-not-found', 'empty'])

/**
 * Reads the values of these secrets, to hand them on. An optional one that is not there is left out.
 *
 * @throws StkError STK3001 for each that cannot be read, STK3013 for each whose value has a wrong form; all of them at once.
 */
export async function readDeclared(
  project: ResolvedProject, secrets: readonly RequiredSecret[], ctx: Pick<LifecycleContext, 'secrets' | 'now'>,
): Promise<ReadonlyMap<string, SecretValue>> {
  const results = await ctx.secrets.resolve(project, secrets.map(({ name }) => name))
  const values = new Map<string, SecretValue>()
  const errors: StkError[] = []
  for (const { name, optional } of secrets) {
    const result = results.get(name)
    if (result === undefined || 'failure' in result) {
      if (optional && result !== undefined && NOT_THERE.has(result.failure)) continue
      errors.push(new StkError('STK3001', { why: `${name}: ${result?.why ?? 'it was not looked up.'}`, fix: result?.fix, project: project.name }))
      continue
    }
    const fault = formFault(name, result.value.reveal(), project, ctx.now())
    if (fault === undefined) values.set(name, result.value)
    else errors.push(new StkError('STK3013', { why: `${name}: ${fault}`, fix: 'Correct the value where it is kept, or what the config declares it to be.', project: project.name }))
  }
  throwAll(errors)
  return values
}

/**
 * The values that a command of the project runs with: what its Bridge would have, and what else the config says a place
 * for. What only releasing needs is left out.
 *
 * @throws StkError STK3001 and STK3013, all at once.
 */
export async function readRunSecrets(project: ResolvedProject, ctx: Pick<LifecycleContext, 'secrets' | 'now'>): Promise<ReadonlyMap<string, SecretValue>> {
  const declared = declaredSecrets(project)
  const credentials = new Set(targetCredentials(project).map(({ name }) => name))
  const placed = Object.keys(project.secrets).filter((name) => !credentials.has(name) && !declared.some((secret) => secret.name === name))
  const values = await readDeclared(project, [...declared, ...placed.map((name) => ({ name, optional: false, usedBy: [] }))], ctx)
  throwAll([...values].filter(([, value]) => value.reveal().includes('\0')).map(([name]) => new StkError('STK3013', {
    why: `${name}: It holds a zero byte, which no environment variable can.`, project: project.name,
  })))
  return values
}
