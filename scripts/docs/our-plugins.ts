import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url))

/** A plugin of this repository, by its files. */
export interface OurPlugin {
  /** The package's name without its scope: `plugin-image`. */
  readonly name: string
  readonly index: string
  readonly options: string | undefined
  /** The target type it offers, as it adds it to the config's types. */
  readonly targetType: string | undefined
}

/** Every plugin of this repository, by name. */
export function ourPlugins(): readonly OurPlugin[] {
  return readdirSync(PACKAGES).filter((name) => name.startsWith('plugin-') && existsSync(join(PACKAGES, name, 'src/index.ts'))).sort().map((name) => {
    const index = join(PACKAGES, name, 'src/index.ts')
    const options = join(PACKAGES, name, 'src/options.ts')
    const [, targetType] = /interface TargetTypes \{[^}]*?(?:readonly )?(\w+):/.exec(readFileSync(index, 'utf8')) ?? []
    return { name, index, options: existsSync(options) ? options : undefined, targetType }
  })
}
