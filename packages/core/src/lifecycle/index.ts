/** The lifecycle as a library: what the command line does, without the conversation. */
export { buildProject, exportTarget, writeBuild, type BuiltProject, type BuiltTarget } from './build.ts'
export { bundleProject } from './bundle-project.ts'
export { proveDeterminism } from './determinism.ts'
export type { LifecycleContext, PhasePlace } from './context.ts'
export { formatBytes, shortDigest } from './format.ts'
export { checkOnly, diffSecrets, preparePush, pushSecrets, type SecretsDiff, type SecretsPush } from './platform-secrets.ts'
export { readRunSecrets } from './read-declared.ts'
export { openLifecycle, type OpenedLifecycle, type OpenOptions } from './open.ts'
export {
  findRollback, listReleases, prepareRelease, releaseTarget, rollbackTarget, type PreparedRelease,
} from './release.ts'
export { findPromotion, promoteTarget } from './promote.ts'
export { selectProjects, selectTargets, type ProjectTarget } from './select.ts'
export { loadConfig, type LoadedConfig } from '../config/index.ts'
