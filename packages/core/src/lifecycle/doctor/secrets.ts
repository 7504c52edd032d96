import type { ResolvedProject } from '../../config/resolved.ts'
import { checkSecrets, type SecretCheck } from '../../secrets/check.ts'
import type { LifecycleContext } from '../context.ts'
import { failure, type Finding } from './finding.ts'

/** Looks at who is signed in to the places that secrets are read from, and which names can be read here. Shows no value. */
export async function examineSecrets(projects: readonly ResolvedProject[], ctx: LifecycleContext): Promise<readonly Finding[]> {
  const report = await checkSecrets(projects, ctx).catch((error: unknown) => failure(error))
  if (!('accounts' in report)) return [{ part: 'secrets', subject: 'references', ...report }]
  const accounts = report.accounts.map((account): Finding => {
    const place = { part: 'secrets', subject: `${account.scheme}:` } as const
    if ('identity' in account) return { ...place, state: 'fine', says: [account.identity, account.mode, account.quota].filter((part) => part !== undefined).join(', ') }
    return { ...place, state: 'wrong', says: account.why, ...(account.fix === undefined ? {} : { fix: account.fix }) }
  })
  return [...accounts, ...report.projects.flatMap(({ project, secrets }) => projectFindings(project, secrets))]
}

function projectFindings(project: string, secrets: readonly SecretCheck[]): readonly Finding[] {
  if (secrets.length === 0) return []
  const place = { part: 'secrets', subject: project } as const
  const readable = secrets.filter(({ status }) => status === 'present')
  const amiss = secrets.filter(({ status }) => status === 'malformed' || status === 'unreadable')
  // A laptop need not have what production has.
  const absent = secrets.filter(({ status }) => status === 'missing' || status === 'empty')
  return [
    ...(readable.length === 0 ? [] : [{ ...place, state: 'fine', says: `${readable.length} of ${secrets.length} can be read here` } as const]),
    ...amiss.map(({ name, status, why, fix }): Finding => ({ ...place, state: 'wrong', says: `${name} is ${status}: ${why ?? ''}`, ...(fix === undefined ? {} : { fix }) })),
    ...(absent.length === 0 ? [] : [{ ...place, state: 'unknown', says: `not set here: ${absent.map(({ name }) => name).join(', ')}`, fix: 'stk secrets check says where each is looked for' } as const]),
  ]
}
