import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, throwAll, type StkError } from '../diagnostics/index.ts'
import type { SecretContext, SecretProvider, SecretResult } from '../plugin/contract.ts'
import { DOTENV } from './dotenv.ts'
import { BUILT_IN_PROVIDERS } from './providers/index.ts'
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
  /** Ends what providers hold open. */
  dispose(): Promise<void>
}

export interface SecretResolverOptions {
  /** A plugin's provider for a scheme. Not asked for the built-in ones. */
  readonly provider: (scheme: string) => SecretProvider | undefined
  /** The schemes that plugins offer, for suggestions. */
  readonly schemes: readonly string[]
  readonly context: SecretContext
}

/** A resolver that asks each provider at most once for a reference, and for many references in one go. */
export function createSecretResolver(options: SecretResolverOptions): SecretResolver {
  const { context } = options
  const schemes = [...BUILT_IN_PROVIDERS.map(({ scheme }) => scheme), ...options.schemes]
  const known = new Map<string, Promise<SecretResult>>()
  const used = new Set<SecretProvider>()

  const providerOf = (ref: string): SecretProvider => {
    const scheme = schemeOf(ref)
    const provider = BUILT_IN_PROVIDERS.find((built) => built.scheme === scheme) ?? options.provider(scheme)
    if (provider === undefined) throw unknownScheme(scheme, schemes)
    provider.parseRef(ref)
    return provider
  }

  const lookUp = async (refs: ReadonlyMap<string, SecretProvider>): Promise<ReadonlyMap<string, SecretResult>> => {
    const fresh = [...refs].filter(([ref]) => !known.has(ref))
    for (const [provider, asked] of byProvider(fresh)) {
      used.add(provider)
      const answers = ask(provider, asked, context)
      for (const ref of asked) known.set(ref, answers.then((answer) => checked(answer.get(ref), provider)))
      // What was interrupted may be asked again; what failed may not, since providers count how often they are asked.
      answers.catch(() => { for (const ref of asked) known.delete(ref) })
    }
    return new Map(await Promise.all([...refs.keys()].map(async (ref) => [ref, await known.get(ref) ?? NO_ANSWER] as const)))
  }

  return {
    async resolve(project, names) {
      const places = new Map([...new Set(names)].map((name) => [name, placesOf(project, name)]))
      const results = await lookUp(findProviders(project, places, providerOf))
      return new Map([...places].map(([name, refs]) => [name, choose(name, refs, results)]))
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

async function ask(provider: SecretProvider, refs: readonly string[], context: SecretContext): Promise<ReadonlyMap<string, SecretResult>> {
  try {
    return await provider.resolveMany(refs, context)
  } catch (error) {
    context.signal.throwIfAborted()
    if (isStkError(error)) throw error
    // Only its kind: the message of an error that nobody planned for may hold a value.
    const kind = error instanceof Error ? error.name : typeof error
    const failed: SecretResult = { failure: 'unknown', why: `The provider of "${provider.scheme}:" broke down (${kind}).` }
    return new Map(refs.map((ref) => [ref, failed]))
  }
}

const NO_ANSWER: SecretResult = { failure: 'unknown', why: 'Its provider gave no answer.' }

function checked(result: SecretResult | undefined, provider: SecretProvider): SecretResult {
  if (result === undefined) return NO_ANSWER
  if ('value' in result && result.value.reveal() === '') return { failure: 'empty', why: `It is empty where "${provider.scheme}:" keeps it.` }
  return result
}

/** The first value; without one, the failure that helps most. */
function choose(name: string, refs: readonly string[], results: ReadonlyMap<string, SecretResult>): SecretResult {
  const found = refs.map((ref) => results.get(ref) ?? NO_ANSWER)
  const [only = NO_ANSWER] = found
  if (found.length === 1) return only
  const best = found.find((result) => 'value' in result) ?? found.find((result) => 'failure' in result && !NOT_THERE.has(result.failure))
  return best ?? {
    failure: 'item-not-found',
    why: `It is set neither in the environment nor in ${DOTENV}.`,
    fix: `Add ${name}=… to ${DOTENV}, or say in the config where it is kept: secrets: { ${name}: '…' }`,
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(['item-not-found', 'field-not-found'])
