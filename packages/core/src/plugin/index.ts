export { HOOK_NAMES } from './check.ts'
export { collectPlugins, type PluginLayer } from './collect.ts'
export { createPluginHost, type HookTiming, type ListenerPlace, type PluginHost } from './host.ts'
