import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, throwAll, type StkError } from '../diagnostics/index.ts'
import type { SecretContext, SecretIdentity, SecretProvider, SecretRefusal, SecretResult } from '../plugin/contract.ts'
import { DOTENV } from './dotenv.ts'
import { guardedProvider } from './guarded-provider.ts'
import { BUILT_IN_PROVIDERS } from './providers/index.ts'
import type { SecretValue } from './secret-value.ts'
import { schemeOf, unknownScheme } from './reference.ts'

/** Reads secrets from where a project says they are kept, and remembers them for the run. */
export interface SecretResolver {
  /**
   * Reads each name from the reference in the project's `secrets`; without one, from the environment variable of its
   * name, else from `.env` at the repository root.
   *
   * @returns one result for each name; one that fails does not fail the others. An empty value is a failure.
   * @throws StkError STK3002 or STK3003 for references that cannot be understood, all of them at once.
   */
  resolve(project: Pick<ResolvedProject, 'name' | 'secrets'>, names: readonly string[]): Promise<ReadonlyMap<string, SecretResult>>
  /** Who is signed in to each provider that was asked so far and can tell, in the order of schemes. */
  identities(): Promise<readonly SecretAccount[]>
  /** Ends what providers hold open. */
  dispose(): Promise<void>
}

/** How a provider was reached, or why that cannot be told. */
export type SecretAccount = { readonly scheme: string } & (SecretIdentity | SecretRefusal)

export interface SecretResolverOptions {
  /** A plugin's provider for a scheme, guarded (`guardedProvider`), and the same one each time. Not asked for the built-in ones. */
  readonly provider: (scheme: string) => SecretProvider | undefined
  /** The schemes that plugins offer, for suggestions. */
  readonly schemes: readonly string[]
  readonly context: SecretContext
  /** Told of every value that is read, so that it can be kept out of what is shown. */
  readonly tell?: (value: SecretValue) => void
}

const BUILT_IN: ReadonlyMap<string, SecretProvider> = new Map(BUILT_IN_PROVIDERS.map((provider) => [provider.scheme, guardedProvider(provider)]))

/**
 * A resolver that asks each provider at most once for a reference, and for many references in one go. What failed is not
 * asked again either: providers count how often they are asked.
 */
export function createSecretResolver(options: SecretResolverOptions): SecretResolver {
  const { context } = options
  const schemes = [...BUILT_IN.keys(), ...options.schemes]
  const known = new Map<string, Promise<SecretResult>>()
  const used = new Set<SecretProvider>()

  const told = (result: SecretResult): SecretResult => {
    if ('value' in result) options.tell?.(result.value)
    return result
  }

  const providerOf = (ref: string): SecretProvider => {
    const scheme = schemeOf(ref)
    const provider = BUILT_IN.get(scheme) ?? options.provider(scheme)
    if (provider === undefined) throw unknownScheme(scheme, schemes)
    provider.parseRef(ref)
    return provider
  }

  const lookUp = async (refs: ReadonlyMap<string, SecretProvider>): Promise<ReadonlyMap<string, SecretResult>> => {
    const fresh = [...refs].filter(([ref]) => !known.has(ref))
    for (const [provider, asked] of byProvider(fresh)) {
      used.add(provider)
      const answers = provider.resolveMany(asked, context)
      for (const ref of asked) known.set(ref, answers.then((answer) => told(answer.get(ref) ?? NO_ANSWER)))
    }
    return new Map(await Promise.all([...refs.keys()].map(async (ref) => [ref, await known.get(ref) ?? NO_ANSWER] as const)))
  }

  return {
    async resolve(project, names) {
      const places = new Map([...new Set(names)].map((name) => [name, placesOf(project, name)]))
      const results = await lookUp(findProviders(project, places, providerOf))
      return new Map([...places].map(([name, refs]) => [name, choose(name, refs, results)]))
    },
    async identities() {
      const asked = [...used].toSorted((a, b) => (a.scheme < b.scheme ? -1 : 1))
      const accounts = await Promise.all(asked.map(async ({ scheme, preflight }) => {
        const account = await preflight?.(context)
        return account === undefined ? [] : [{ scheme, ...account }]
      }))
      return accounts.flat()
    },
    async dispose() {
      const providers = [...used]
      used.clear()
      known.clear()
      await Promise.allSettled(providers.map((provider) => provider.dispose?.()))
    },
  }
}

/** Where a name is read from, in order. */
function placesOf(project: Pick<ResolvedProject, 'secrets'>, name: string): readonly string[] {
  const ref = Object.hasOwn(project.secrets, name) ? project.secrets[name] : undefined
  return ref === undefined ? [`env:${name}`, `dotenv:${DOTENV}#${name}`] : [ref]
}

function findProviders(
  project: Pick<ResolvedProject, 'name'>,
  places: ReadonlyMap<string, readonly string[]>,
  providerOf: (ref: string) => SecretProvider,
): ReadonlyMap<string, SecretProvider> {
  const found = new Map<string, SecretProvider>()
  const refused: StkError[] = []
  for (const [name, refs] of places) {
    for (const ref of refs) {
      try {
        found.set(ref, providerOf(ref))
      } catch (error) {
        if (!isStkError(error)) throw error
        refused.push(error.with({ project: project.name, configPath: `projects.${project.name}.secrets.${name}` }))
      }
    }
  }
  throwAll(refused)
  return found
}

function byProvider(refs: Iterable<readonly [ref: string, provider: SecretProvider]>): ReadonlyMap<SecretProvider, readonly string[]> {
  const grouped = new Map<SecretProvider, string[]>()
  for (const [ref, provider] of refs) grouped.set(provider, [...(grouped.get(provider) ?? []), ref])
  return grouped
}

const NO_ANSWER: SecretResult = { failure: 'unknown', why: 'Its provider gave no answer.' }

/** The first that says something: a value, or a failure that is more than an absence. */
function choose(name: string, refs: readonly string[], results: ReadonlyMap<string, SecretResult>): SecretResult {
  const found = refs.map((ref) => results.get(ref) ?? NO_ANSWER)
  const [only = NO_ANSWER] = found
  if (found.length === 1) return only
  const decisive = found.find((result) => !('failure' in result) || !(NOT_THERE.has(result.failure) || result.failure === 'empty'))
  return decisive ?? found.find((result) => 'failure' in result && result.failure === 'empty') ?? {
    failure: 'item-not-found',
    why: `It is set neither in the environment nor in ${DOTENV}.`,
    fix: `Add ${name}=… to ${DOTENV}, or say in the config where it is kept: secrets: { ${name}: '…' }`,
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(['item-not-found', 'field-not-found'])
