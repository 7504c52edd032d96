import type { ResolvedProject } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import type { TargetContext, TargetFlags } from '../plugin/contract.ts'
import { findSecretValue } from '../secrets/find-value.ts'
import { isSecretRef } from '../secrets/secret-ref.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import { fakeClock } from './fake-clock.ts'

/** What a {@link targetContext} is made of. */
export interface TargetContextOptions<Options> {
  /** As the target's schema gives them. */
  readonly options: Options
  /** The target's type, and its name. */
  readonly type: string
  /** @default 'shop' */
  readonly project?: string
  /** @default 'production' */
  readonly environment?: string
  /** @default the working directory */
  readonly root?: string
  /** @default '0123456789012345678901234567890123456789' */
  readonly revision?: string
  /** @default '2030-01-01T00:00:00Z' */
  readonly sourceDate?: string
  /** Command-line flags. @default {} */
  readonly flags?: TargetFlags
  /** Whether a yes was said beforehand. @default false */
  readonly isDecided?: boolean
  readonly signal?: AbortSignal
  /** Values of secrets by name; a name that is not here is not set. */
  readonly credentials?: Readonly<Record<string, string>>
  /** Values that a release is to set on the platform, by name. @default none */
  readonly secretsToSet?: Readonly<Record<string, string>>
  readonly progress?: (message: string) => void
  readonly warn?: (message: string) => void
  /** @default a clock that is a second later each time */
  readonly now?: () => Date
}

/** What a target's methods are given, for tests: no config, no plugin host, no process environment. */
export function targetContext<Options>(given: TargetContextOptions<Options>): TargetContext<Options> {
  const { credentials = {}, type } = given
  return {
    project: projectOf(given.project ?? 'shop'),
    target: { name: type, type },
    options: given.options,
    environment: given.environment ?? 'production',
    root: given.root ?? process.cwd(),
    revision: given.revision ?? '0123456789012345678901234567890123456789',
    sourceDate: given.sourceDate ?? '2030-01-01T00:00:00Z',
    flags: given.flags ?? {},
    isDecided: given.isDecided ?? false,
    signal: given.signal ?? new AbortController().signal,
    progress: given.progress ?? (() => {}),
    warn: given.warn ?? (() => {}),
    secretIn: (bytes) => findSecretValue(bytes, Object.keys(credentials), credentials),
    now: given.now ?? tick,
    secretsToSet: new Map(Object.entries(given.secretsToSet ?? {}).map(([name, value]) => [name, new SecretValue(value)])),
    async credential(value) {
      if (!isSecretRef(value)) return new SecretValue(value)
      const found = Object.hasOwn(credentials, value.secret) ? credentials[value.secret] : undefined
      if (found !== undefined) return new SecretValue(found)
      if (value.optional === true) return undefined
      throw new StkError('STK3001', { why: `${value.secret}: it is not set.` })
    },
  }
}

/** One for all contexts: two of them make releases that a test can tell apart. */
const { now: tick } = fakeClock()

function projectOf(name: string): ResolvedProject {
  return {
    name,
    root: `/${name}`,
    databases: {},
    auth: { mode: 'issuers', issuers: [] },
    permissions: {},
    limits: { bodyBytes: 1_000_000, jsonDepth: 32, timeout: 30_000, concurrency: 1000, callDepth: 16 },
    secrets: {},
    targets: [],
  }
}
