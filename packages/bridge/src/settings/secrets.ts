import { BootError } from '../boot-error.ts'
import type { Manifest, RequiredSecret, Setting } from '../manifest/format.ts'
import { type Environment, readSetting } from './environment.ts'

/** Secret names to values, for those that are set. */
export type Secrets = ReadonlyMap<string, string>

/**
 * Reads every secret the manifest asks for from the environment, or the files it names.
 *
 * @throws BootError naming all that are missing at once, and what uses each.
 */
export function readSecrets(manifest: Manifest, env: Environment): Secrets {
  return collectSecrets(manifest, (name) => readSetting(env, name), (name) => `Set each in the environment of the platform, or as a file: ${name}_FILE=/run/secrets/…`)
}

/**
 * The same from wherever `read` finds them.
 *
 * @param fix how the first of those that are missing is set.
 * @throws BootError naming all that are missing at once, and what uses each.
 */
export function collectSecrets(
  manifest: Pick<Manifest, 'secrets' | 'databases'>, read: (name: string) => string | undefined, fix: (name: string) => string,
): Secrets {
  const found = new Map<string, string>()
  const missing: RequiredSecret[] = []
  for (const secret of requiredSecrets(manifest)) {
    const value = read(secret.name)
    if (value !== undefined) found.set(secret.name, value)
    else if (!secret.optional) missing.push(secret)
  }
  const [first] = missing
  if (first !== undefined) throw missingSecrets(missing, fix(first.name))
  return found
}

/** The value of a setting; `undefined` for an optional secret that is not set. */
export function settingValue(setting: Setting, secrets: Secrets): string | undefined {
  return typeof setting === 'string' ? setting : secrets.get(setting.secret)
}

/** What the manifest lists, and whatever its databases name besides. */
function requiredSecrets(manifest: Pick<Manifest, 'secrets' | 'databases'>): RequiredSecret[] {
  const byName = new Map(manifest.secrets.map((secret) => [secret.name, secret]))
  for (const [alias, entry] of Object.entries(manifest.databases)) {
    const settings = { url: entry.url, ...(entry.driver === 'libsql' && entry.authToken ? { authToken: entry.authToken } : {}) }
    for (const [key, setting] of Object.entries(settings)) {
      if (typeof setting === 'string' || byName.has(setting.secret)) continue
      byName.set(setting.secret, { name: setting.secret, optional: setting.optional === true, usedBy: [`databases.${alias}.${key}`] })
    }
  }
  return [...byName.values()]
}

function missingSecrets(missing: readonly RequiredSecret[], fix: string): BootError {
  const width = Math.max(...missing.map((secret) => secret.name.length))
  const lines = missing.map((secret) => `${secret.name.padEnd(width)}  ${secret.usedBy.join(', ')}`.trimEnd())
  return new BootError(
    'missing_secrets',
    `${missing.length === 1 ? 'One secret is' : `${missing.length} secrets are`} not set:\n${lines.join('\n')}`,
    fix,
  )
}
