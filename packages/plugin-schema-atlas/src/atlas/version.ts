import { StkError } from '@santokit/core'

/** An Atlas program that was asked who it is. */
export interface AtlasVersion {
  /** `0.13.1`, or `development` for a build that was given none. */
  readonly version: string
  /** `community` where it says so. */
  readonly flavour: string | undefined
}

/** The first version that this package was tested with. */
const OLDEST = [0, 13, 1] as const

/**
 * Reads what `atlas version` prints: `atlas version v0.13.1`, `atlas community version v0.31.0-…`.
 *
 * @throws StkError STK6002 when that is no Atlas, or one that is too old.
 */
export function parseVersion(output: string, program: string): AtlasVersion {
  const found = /^atlas (?:(?!CLI )(\w+) )?(?:CLI )?version (?:v(\d+)\.(\d+)\.(\d+)\S*|- development)/m.exec(output)
  if (found === null) throw new StkError('STK6002', { why: `${program} does not say which version of Atlas it is.`, fix: `Check that it is Atlas: ${program} version` })
  const [, flavour, ...parts] = found
  if (parts[0] === undefined) return { version: 'development', flavour }
  const version = parts.map(Number)
  if (isOlder(version)) {
    throw new StkError('STK6002', {
      why: `${program} is Atlas ${version.join('.')}; ${OLDEST.join('.')} or newer is needed.`, fix: 'Install a newer one: https://atlasgo.io/getting-started#installation',
    })
  }
  return { version: version.join('.'), flavour }
}

function isOlder(version: readonly number[]): boolean {
  const at = OLDEST.findIndex((part, index) => part !== version[index])
  return at !== -1 && (version[at] ?? 0) < (OLDEST[at] ?? 0)
}

/** The flags of `atlas schema apply` that a plan cannot do without. */
const NEEDED = ['--url', '--to', '--dry-run', '--auto-approve', '--format', '--schema', '--exclude', '--env', '--config']

/** @throws StkError STK6002 when `atlas schema apply --help` lacks a flag. */
export function checkFlags(help: string, program: string): void {
  const missing = NEEDED.filter((flag) => !new RegExp(`${flag}\\b`).test(help))
  if (missing.length === 0) return
  throw new StkError('STK6002', {
    why: `\`${program} schema apply\` does not know ${missing.join(', ')}.`, fix: 'Install the community build of Atlas: https://atlasgo.io/community-edition',
  })
}
