import { isStkError, StkError } from '../diagnostics/index.ts'
import type { SecretContext, SecretIdentity, SecretProvider, SecretRefusal, SecretResult } from '../plugin/contract.ts'
import { startDeadline } from './deadline.ts'
import { SecretValue } from './secret-value.ts'

/** How long a provider may take for all its references of a run, in milliseconds. */
export interface ProviderTime {
  /** With nobody to ask. */
  readonly alone: number
  /** With a person there, whom it may be waiting for: 1Password's own prompt gives up after a minute. */
  readonly interactive: number
  /** From the end of the time to its last chance to answer. */
  readonly grace: number
}

const PROVIDER_TIME: ProviderTime = { alone: 60_000, interactive: 120_000, grace: 1000 }

/**
 * A provider that keeps its word whatever is inside: one usable result for each reference, in time, and no failure that
 * repeats what nobody checked for values.
 */
export function guardedProvider(provider: SecretProvider, time: ProviderTime = PROVIDER_TIME): SecretProvider {
  const { scheme } = provider
  const inTime = async <T>(ctx: SecretContext, work: (ctx: SecretContext) => Promise<T>, otherwise: (refusal: SecretRefusal) => T): Promise<T> => {
    ctx.signal.throwIfAborted()
    const limit = ctx.interactive ? time.interactive : time.alone
    const deadline = startDeadline(ctx.signal, { time: limit, grace: time.grace })
    try {
      const answer = await Promise.race([work({ ...ctx, signal: deadline.signal }), deadline.passed])
      // What was read after an interruption is not handed on: the run has ended.
      ctx.signal.throwIfAborted()
      return answer
    } catch (error) {
      ctx.signal.throwIfAborted()
      if (isStkError(error)) throw error
      const timedOut = deadline.signal.aborted
      return otherwise(timedOut
        ? { failure: 'timeout', why: `"${scheme}:" gave no answer within ${limit / 1000} seconds.` }
        : { failure: 'unknown', why: `The provider of "${scheme}:" broke down (${classOf(error)}).` })
    } finally {
      deadline.end()
    }
  }
  const { preflight } = provider
  return {
    scheme,
    parseRef(ref) {
      try {
        provider.parseRef(ref)
      } catch (error) {
        if (isStkError(error)) throw error
        throw new StkError('STK3002', { why: `It is not a reference that "${scheme}:" understands.` })
      }
    },
    ...(preflight === undefined ? {} : {
      preflight: (ctx) => inTime<SecretIdentity | SecretRefusal>(ctx, (inner) => preflight.call(provider, inner), (refusal) => refusal),
    }),
    async resolveMany(refs, ctx) {
      const answers = await inTime<ReadonlyMap<string, SecretResult>>(
        ctx, (inner) => provider.resolveMany(refs, inner), (refusal) => new Map(refs.map((ref) => [ref, refusal])),
      )
      return new Map(refs.map((ref) => [ref, usable(answers.get(ref), scheme)]))
    },
    async dispose() {
      await provider.dispose?.()
    },
  }
}

function usable(result: SecretResult | undefined, scheme: string): SecretResult {
  if (result === undefined) return { failure: 'unknown', why: `"${scheme}:" gave no answer for it.` }
  if (!('value' in result)) return result
  const value = ownValue(result.value)
  if (value === undefined) return { failure: 'unknown', why: `What "${scheme}:" gave for it is not a SecretValue.` }
  return value.reveal() === '' ? { failure: 'empty', why: `It is empty where "${scheme}:" keeps it.` } : { value }
}

/** The value as one of ours: a plugin with a second copy of this package gives one of its own. */
function ownValue(value: unknown): SecretValue | undefined {
  if (value instanceof SecretValue) return value
  const revealed: unknown = (value as Partial<SecretValue> | null | undefined)?.reveal?.()
  return typeof revealed === 'string' ? new SecretValue(revealed) : undefined
}

/** Only the class of an error that nobody planned for: its message may hold a value. */
function classOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error
}
