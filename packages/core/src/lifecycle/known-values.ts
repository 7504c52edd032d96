import { readFile } from 'node:fs/promises'
import { join } from 'pathe'
import type { ResolvedConfig } from '../config/resolved.ts'
import { declaredSecrets, targetCredentials } from '../secrets/declared.ts'
import { DOTENV, parseDotenv } from '../secrets/dotenv.ts'

/**
 * Tells of the values that plugins and drivers can come by without asking `stk`: what the environment and `.env` hold under
 * a name that the config speaks of. So they can be kept out of what they say.
 */
export async function tellKnownValues(
  config: Pick<ResolvedConfig, 'root' | 'projects'>, env: Readonly<Record<string, string | undefined>>, tell: (value: string) => void,
): Promise<void> {
  const written = parseDotenv(await readFile(join(config.root, DOTENV), 'utf8').catch(() => ''))
  for (const project of config.projects) {
    const placed = Object.entries(project.secrets).flatMap(([name, ref]) => [name, /^(?:env:|dotenv:.*#)(\w+)$/.exec(ref)?.[1] ?? name])
    for (const name of [...declaredSecrets(project), ...targetCredentials(project)].map((secret) => secret.name).concat(placed)) {
      for (const value of [env[name], written.get(name)]) if (value !== undefined) tell(value)
    }
  }
}
