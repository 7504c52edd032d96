import { StkError } from '../diagnostics/index.ts'
import { compileLogic } from './compile-logic.ts'
import { bundleFrom } from './bundle-project.ts'
import type { BuiltProject } from './build.ts'
import type { LifecycleContext } from './context.ts'

/**
 * Bundles a project once more without any cache and compares.
 *
 * @throws StkError STK2023 naming the first logic or file that differs.
 */
export async function proveDeterminism(built: BuiltProject, ctx: LifecycleContext): Promise<void> {
  const nothing = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() }
  const again = await bundleFrom(built.project, await compileLogic(built.project, ctx.config, nothing, ctx.signal), nothing)
  const [first, second] = await Promise.all([built.bundle.archive(), again.archive()])
  if (again.digest === built.bundle.digest && first.digest === second.digest) return
  const before = new Map(built.bundle.files.map((file) => [file.path, file.digest]))
  const differing = again.files.filter((file) => file.path !== 'manifest.json' && before.get(file.path) !== file.digest).map((file) => file.path)
  throw new StkError('STK2023', {
    project: built.project.name,
    why: differing.length === 0 ? 'The manifest differs.' : `These files differ: ${differing.join(', ')}.`,
    fix: 'Look for a clock, a random number or an environment variable that is read while the config or a logic loads.',
  })
}
