import { createHash, randomUUID } from 'node:crypto'

export interface StoredBinding {
  readonly type: string
  readonly name: string
  readonly text?: string
  readonly [detail: string]: unknown
}

export interface StoredVersion {
  readonly id: string
  readonly number: number
  readonly created_on: string
  readonly annotations: Readonly<Record<string, string>>
  readonly bindings: readonly StoredBinding[]
  readonly code: string
  readonly settings: Readonly<Record<string, unknown>>
}

export interface StoredDeployment {
  readonly id: string
  readonly created_on: string
  readonly source: string
  readonly strategy: 'percentage'
  readonly versions: readonly { readonly version_id: string; readonly percentage: number }[]
  readonly annotations: Readonly<Record<string, string>>
}

/** Why a change is refused. */
export class Refused extends Error {
  constructor(readonly code: number, readonly status: number, message: string) {
    super(message)
  }
}

/** One Worker, as Cloudflare keeps it. */
export class StoredWorker {
  readonly tag = randomUUID().replaceAll('-', '')
  /** Oldest first. */
  readonly versions: StoredVersion[] = []
  /** Newest first. */
  readonly deployments: StoredDeployment[] = []
  subdomain = { enabled: false, previews_enabled: false }
  routes: readonly unknown[] = []
  scriptSettings: Readonly<Record<string, unknown>> = {}
  /** Who changed it last: what wrangler asks about. */
  lastDeployedFrom = 'wrangler'

  constructor(readonly name: string, readonly tick: () => string) {}

  get latest(): StoredVersion | undefined {
    return this.versions.at(-1)
  }

  /** The version that most requests reach. */
  get live(): StoredVersion | undefined {
    const most = [...this.deployments[0]?.versions ?? []].sort((a, b) => b.percentage - a.percentage)[0]
    return this.versions.find(({ id }) => id === most?.version_id)
  }

  secrets(version: StoredVersion | undefined = this.live): Readonly<Record<string, string>> {
    return Object.fromEntries((version?.bindings ?? []).filter(({ type }) => type === 'secret_text').map(({ name, text }) => [name, text ?? '']))
  }

  /** Adds a version. Bindings without a value are inherited from the newest one, which must have them. */
  add(given: { readonly code: string; readonly bindings: readonly StoredBinding[]; readonly keep: readonly string[]; readonly annotations: Readonly<Record<string, string>>; readonly settings: Readonly<Record<string, unknown>> }): StoredVersion {
    const before = this.latest?.bindings ?? []
    const named = given.bindings.map((binding): StoredBinding => {
      const isInherited = binding.type === 'inherit' || (['secret_text', 'plain_text'].includes(binding.type) && binding.text === undefined)
      if (!isInherited) return binding
      const found = before.find(({ name, type }) => name === binding.name && (binding.type === 'inherit' || type === binding.type))
      if (found === undefined) throw new Refused(10057, 400, `inherit binding '${binding.name}' is invalid: no such binding in the previous version`)
      return found
    })
    const kept = before.filter(({ name, type }) => given.keep.includes(type) && !named.some((binding) => binding.name === name))
    const twice = named.find(({ name }, index) => named.findIndex((binding) => binding.name === name) !== index)
    if (twice !== undefined) throw new Refused(10056, 400, `binding ${twice.name} is there twice`)
    const version: StoredVersion = {
      id: randomUUID(), number: this.versions.length + 1, created_on: this.tick(), annotations: given.annotations, bindings: [...named, ...kept], code: given.code,
      settings: given.settings,
    }
    this.versions.push(version)
    return version
  }

  deploy(versions: StoredDeployment['versions'], given: { readonly annotations: Readonly<Record<string, string>>; readonly force: boolean }): StoredDeployment {
    if (versions.length < 1 || versions.length > 2) throw new Refused(10206, 400, 'one or two versions')
    if (versions.reduce((sum, { percentage }) => sum + percentage, 0) !== 100) throw new Refused(10207, 400, 'percentages must add up to 100')
    const found = versions.map(({ version_id }) => this.versions.find(({ id }) => id === version_id))
    if (found.some((version) => version === undefined)) throw new Refused(10100, 404, 'no such version')
    const older = found.some((version) => (version?.number ?? 0) < (this.live?.number ?? 0) && !this.deployments[0]?.versions.some(({ version_id }) => version_id === version?.id))
    if (older && !given.force && found.some((version) => JSON.stringify(sorted(this.secrets(version))) !== JSON.stringify(sorted(this.secrets(this.latest))))) {
      throw new Refused(10220, 400, 'secrets have changed since this version was live')
    }
    const deployment: StoredDeployment = { id: randomUUID(), created_on: this.tick(), source: 'wrangler', strategy: 'percentage', versions, annotations: given.annotations }
    this.deployments.unshift(deployment)
    return deployment
  }
}

export function etagOf(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}

function sorted(values: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
}
