import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import { declaredSecrets } from '../../secrets/declared.ts'
import { findTarget } from '../build.ts'
import type { LifecycleContext } from '../context.ts'
import { diffSecrets } from '../platform-secrets.ts'

/** How a target stands with the project's secrets. Names only: no value is read. */
export type SecretsState =
  /** The platform injects them by means of its own, and is not asked. */
  | { readonly kind: 'elsewhere'; readonly declared: readonly string[] }
  /** There is nothing yet that could hold them: the first release sets them. */
  | { readonly kind: 'with the release'; readonly declared: readonly string[] }
  | { readonly kind: 'on the platform'; readonly present: readonly string[]; readonly missing: readonly string[]; readonly unmanaged: readonly string[] }

/** Compares declared names with those on the platform. */
export async function readSecretsState(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<SecretsState> {
  const declared = declaredSecrets(project).map(({ name }) => name)
  if (findTarget(target, ctx).implementation.secrets === undefined) return { kind: 'elsewhere', declared }
  const { unreleased, present, missing, unmanaged } = await diffSecrets(project, target, ctx)
  return unreleased ? { kind: 'with the release', declared } : { kind: 'on the platform', present, missing, unmanaged }
}
