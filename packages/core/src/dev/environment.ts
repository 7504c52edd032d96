import { readFile } from 'node:fs/promises'
import { join } from 'pathe'
import { DOTENV, parseDotenv } from '../secrets/dotenv.ts'

/**
 * The environment of development: this process's, over what `.env` at the repository root holds.
 *
 * Where `projects.*.secrets` point (a vault, perhaps production's) is deliberately not asked: a save must never reach for
 * a live database.
 */
export async function devEnvironment(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const text = await readFile(join(root, DOTENV), 'utf8').catch(() => '')
  return { ...Object.fromEntries(parseDotenv(text)), ...env }
}
