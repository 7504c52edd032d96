import { type Client, Deadline, NO_CLIENT } from '../deadline.ts'
import { overloaded } from '../problem.ts'
import type { Runtime } from '../runtime.ts'

/** Milliseconds after its time is over in which a call has surely ended; one that has not was lost with its request. */
const LOST_AFTER = 1000

/** The time a call of a Worker has, and what it opened meanwhile: sockets belong to the request that opened them. */
export class CallDeadline extends Deadline {
  readonly #closers: (() => Promise<void>)[] = []
  readonly #timer: ReturnType<typeof setTimeout>
  #isOver = false
  #isWatched = false

  constructor(ms: number, private readonly client: Pick<Client, 'watch'> = NO_CLIENT) {
    super(performance.now() + ms)
    // A timer belongs to its request as well, so there cannot be one for all.
    this.#timer = setTimeout(() => this.end('timeout'), ms)
  }

  override get signal(): AbortSignal {
    this.watchClient()
    return super.signal
  }

  /** Ends the call if its client leaves: from when there is something to end, for a request's signal is not for nothing. */
  watchClient(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.client.watch(() => this.end('client_gone'))
  }

  /** True once the call has been answered. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Has `close` called when the call has been answered. */
  whenOver(close: () => Promise<void>): void {
    this.#closers.push(close)
  }

  /** Ends the call's time, and closes what it opened: nothing, or something that takes its own time. Never rejects. */
  close(): Promise<unknown> | undefined {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.release()
    return this.#closers.length === 0 ? undefined : Promise.all(this.#closers.splice(0).map((close) => close().catch(() => {})))
  }
}

/**
 * The calls that run now in this isolate. Unlike on Node nothing is shared between them but their number: no timer, no socket and no
 * promise of one request may be waited for by another, for it is lost if that request is.
 *
 * @param later keeps a request alive until what it does is done.
 */
export class WorkerCalls implements Pick<Runtime['calls'], keyof Runtime['calls']> {
  readonly #running = new Set<CallDeadline>()
  readonly #background = new Set<CallDeadline>()

  constructor(private readonly limit: number, private readonly later: (work: Promise<unknown>) => void) {}

  get count(): number {
    return this.#running.size
  }

  /** @throws Problem `overloaded` if as many calls run as may. */
  begin(ms: number, client: Pick<Client, 'watch'>): CallDeadline {
    return this.#track(this.#running, ms, client)
  }

  /** Work that no single client waits for. @throws Problem `overloaded` */
  beginBackground(ms: number): CallDeadline {
    return this.#track(this.#background, ms)
  }

  end(deadline: Deadline): void {
    if (!(deadline instanceof CallDeadline)) return
    if (!this.#running.delete(deadline)) this.#background.delete(deadline)
    const closed = deadline.close()
    if (closed !== undefined) this.later(closed)
  }

  /** Nothing tells a Worker to stop. */
  stop(): void {}

  #track(calls: Set<CallDeadline>, ms: number, client?: Pick<Client, 'watch'>): CallDeadline {
    if (calls.size >= this.limit) forgetLost(calls)
    if (calls.size >= this.limit) throw overloaded('Too many calls at once.')
    const deadline = new CallDeadline(ms, client)
    calls.add(deadline)
    return deadline
  }
}

/** A request that the platform gave up does not run to its end, so nobody says that its call is over. */
function forgetLost(calls: Set<CallDeadline>): void {
  const now = performance.now()
  for (const deadline of calls) if (deadline.at + LOST_AFTER < now) calls.delete(deadline)
}
