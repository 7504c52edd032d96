export { inspectConfig, type InspectedValue } from './inspect.ts'
export { loadConfig, type LoadedConfig, type LoadOptions } from './load.ts'
export type { ResolvedConfig, ResolvedProject, ResolvedTarget } from './resolved.ts'
export { parseDuration, parseSize } from './units.ts'
