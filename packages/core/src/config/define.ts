import type { ConfigEnv, ConfigExport, UserConfig } from './types.ts'

/**
 * Declares a repository's projects: `export default defineConfig({ … })` in `santokit.config.ts`.
 *
 * Takes an object, or a function that may be async; returns its argument. It exists for its types.
 */
export function defineConfig(config: UserConfig): UserConfig
export function defineConfig(config: (env: ConfigEnv) => UserConfig | Promise<UserConfig>): (env: ConfigEnv) => UserConfig | Promise<UserConfig>
export function defineConfig(config: ConfigExport): ConfigExport {
  return config
}
