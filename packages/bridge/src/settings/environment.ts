import { readFileSync } from 'node:fs'
import { BootError } from '../boot-error.ts'

/** The process environment, or a stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads one setting: `NAME`, or the content of the file that `NAME_FILE` names, without one trailing newline. An empty
 * value counts as not set.
 *
 * @throws BootError if both are set, or the file cannot be read.
 */
export function readSetting(env: Environment, name: string): string | undefined {
  const direct = env[name] || undefined
  const file = env[`${name}_FILE`] || undefined
  if (file === undefined) return direct
  if (direct !== undefined) {
    throw new BootError('bad_setting', `${name} and ${name}_FILE are both set.`, 'Keep one of them.')
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined
  } catch (error) {
    throw new BootError(
      'bad_setting', `${name}_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`,
      'Mount the file, or correct its path.', { cause: error },
    )
  }
}
