import { CallError } from './call-error.ts'
import { send } from './send.ts'
import type { CallOptions, Client, ClientOptions, NamedProject, OnlyProject, Projects } from './types.ts'

/**
 * A client of one project's Bridge.
 *
 * @example
 * const shop = createClient({ baseUrl: 'https://shop.example.com', token: () => session.token })
 * const orders = await shop.orders.list({ status: 'open' })
 *
 * @throws TypeError if `baseUrl` is not a URL.
 */
export function createClient<Name extends keyof Projects = OnlyProject>(options: ClientOptions & NamedProject<Name>): Client<Name> {
  const base = new URL(options.baseUrl).href.replace(/\/$/, '')
  let current = typeof options.token === 'string' ? options.token : undefined
  let refreshes = 0
  let refreshing: Promise<void> | undefined

  /** One for all calls that wait for it. Calls to come do not wait for one that outlasts the call that began it. */
  const refresh = (inTime: AbortSignal | undefined): Promise<void> => {
    const forget = (): void => { if (refreshing === asked) refreshing = undefined }
    const asked = (async () => {
      const token = await options.refreshToken?.()
      if (!token) return
      current = token
      refreshes += 1
    })().finally(forget)
    inTime?.addEventListener('abort', forget)
    return refreshing = asked
  }

  const call = async (path: string, params: object = {}, { signal, safe, get, ...own }: CallOptions = {}): Promise<unknown> => {
    const timeout = own.timeout ?? options.timeout ?? 30_000
    const inTime = timeout > 0 ? AbortSignal.timeout(timeout) : undefined
    const over = AbortSignal.any([signal, inTime].filter((each) => each !== undefined))
    over.throwIfAborted()
    // Whoever gives tokens knows nothing of the signal.
    const ended = new Promise<never>((_, reject) => over.addEventListener('abort', () => reject(over.reason as Error)))
    ended.catch(() => {})
    try {
      // Its token is from before any refresh that ends after this.
      const known = refreshes
      let token = await Promise.race([typeof options.token === 'function' ? options.token() : current, ended])
      let refreshed = false
      for (let attempt = 0; ; attempt += 1) {
        try {
          const headers = { ...options.headers, ...own.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) }
          return await send({ base, path, params, headers, get: get ?? false, fetch: options.fetch ?? fetch, signal: over })
        } catch (error) {
          if (!(error instanceof CallError)) throw error
          if (error.status === 401 && options.refreshToken && !refreshed) {
            refreshed = true
            if (refreshes === known) await Promise.race([refreshing ?? refresh(inTime), ended])
            if (refreshes === known) throw error
            token = current
            attempt -= 1
          } else if (attempt < (options.retries ?? 2) && mayRepeat(error, safe ?? get ?? false)) {
            await pause(error, attempt, over)
          } else {
            throw error
          }
        }
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (inTime?.aborted) throw new CallError('timeout', `${path} was not answered within ${timeout} ms.`, 0, undefined, [], {}, { cause: error })
      throw error
    }
  }
  return namespace('', call) as Client<Name>
}

type AnyCall = (path: string, params?: object, options?: CallOptions) => Promise<unknown>

/** `orders.list` becomes the path `orders/list`. There is no `then`, so that awaiting a namespace does not call it. */
function namespace(path: string, call: AnyCall): unknown {
  return new Proxy(() => {}, {
    get: (_, name) => typeof name !== 'string' || name === 'then' ? undefined : name === '$call' && !path ? call : namespace(path ? `${path}/${name}` : name, call),
    apply: (_, __, [params, options]: [object?, CallOptions?]) => call(path, params, options),
  })
}

/** A call that was refused for being one too many has not run; of any other failure nobody knows. */
function mayRepeat({ code, status }: CallError, safe: boolean): boolean {
  return code === 'overloaded' || status === 429 || (safe && (status === 0 || (status > 501 && status < 505)))
}

/** As long as the server asks for; else longer each time, and different for each client, so that they do not come back at once. */
async function pause({ problem }: CallError, attempt: number, over: AbortSignal): Promise<void> {
  const asked = Number(problem['retryAfter'])
  const ms = asked >= 0 ? asked * 1000 : 100 * 2 ** attempt * (1 + Math.random())
  // Woken early, the next request fails at once, as what ended the call.
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      over.removeEventListener('abort', done)
      resolve()
    }
    over.addEventListener('abort', done)
  })
}
