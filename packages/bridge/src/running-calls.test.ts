import { expect, test } from 'vitest'
import { NO_CLIENT } from './deadline.ts'
import { RunningCalls } from './running-calls.ts'

const ended = (deadline: ReturnType<RunningCalls['beginBackground']>): Promise<string> =>
  new Promise((resolve) => { deadline.onEnd((reason) => { resolve(reason.why) }) })

test('each call has its own time, whatever the order they began in', async () => {
  const calls = new RunningCalls(10)
  const order: string[] = []
  const call = (name: string, ms: number): Promise<unknown> =>
    ended(calls.begin(ms, NO_CLIENT)).then((why) => order.push(`${name} ${why}`))
  await Promise.all([call('long', 60), call('short', 10), call('middle', 30), call('at once', 0)])
  expect(order).toEqual(['at once timeout', 'short timeout', 'middle timeout', 'long timeout'])
})

test('a call that has been answered is not ended, and the next one is in time', async () => {
  const calls = new RunningCalls(10)
  const answered = calls.begin(10, NO_CLIENT)
  expect(await answered.race(() => Promise.resolve('done'), () => calls.end(answered))).toBe('done')
  expect(await ended(calls.begin(30, NO_CLIENT))).toBe('timeout')
  expect(answered.ended).toBeUndefined()
  // Nothing was left to wait for: the timer begins anew.
  expect(await ended(calls.begin(5, NO_CLIENT))).toBe('timeout')
})

test('what an answered call left behind goes on, until its time is over', async () => {
  const calls = new RunningCalls(1)
  const answered = calls.begin(20, NO_CLIENT)
  const left = ended(answered)
  calls.end(answered)
  expect(answered.ended).toBeUndefined()
  expect(calls.count).toBe(0)
  expect(await left).toBe('timeout')
  // No more of it than of calls: what would pile up ends at once.
  const [one, other] = [calls.begin(1000, NO_CLIENT), (): ReturnType<typeof calls.begin> => calls.begin(1000, NO_CLIENT)]
  const kept = ended(one)
  calls.end(one)
  const next = other()
  const refused = ended(next)
  calls.end(next)
  expect(await refused).toBe('timeout')
  calls.stop()
  expect(await kept).toBe('stopping')
})

test('work is not begun for a client that has gone already', async () => {
  const calls = new RunningCalls(1)
  const deadline = calls.begin(1000, { watch: (onGone) => onGone() })
  let begun = false
  await expect(deadline.race(() => { begun = true; return Promise.resolve() }, () => calls.end(deadline))).rejects.toMatchObject({ why: 'client_gone' })
  expect(begun).toBe(false)
  expect(calls.count).toBe(0)
})

test('a time longer than timers can be does not end at once', async () => {
  const calls = new RunningCalls(10)
  const patient = calls.begin(2 ** 40, NO_CLIENT)
  expect(await ended(calls.begin(5, NO_CLIENT))).toBe('timeout')
  expect(patient.ended).toBeUndefined()
  calls.stop()
  expect(patient.ended?.why).toBe('stopping')
})

test('as many run as may, and as much background work beside them', () => {
  const calls = new RunningCalls(1)
  const background = calls.beginBackground(1000)
  expect(() => calls.beginBackground(1000)).toThrow('Too many calls at once.')
  const only = calls.begin(1000, NO_CLIENT)
  expect(() => calls.begin(1000, NO_CLIENT)).toThrow('Too many calls at once.')
  calls.end(only)
  calls.begin(1000, NO_CLIENT)
  calls.end(background)
  calls.stop()
  expect(() => calls.begin(1000, NO_CLIENT)).toThrow('The server is stopping.')
  expect(calls.beginBackground(1000).ended?.why).toBe('stopping')
})

test('who stops listening is not told', () => {
  const calls = new RunningCalls(1)
  let gone = (): void => {}
  const deadline = calls.begin(1000, { watch: (onGone) => { gone = onGone } })
  const heard: string[] = []
  const first = (): void => void heard.push('first')
  deadline.onEnd(first)
  deadline.onEnd(({ why }) => void heard.push(why))
  deadline.offEnd(first)
  gone()
  gone()
  deadline.onEnd(() => void heard.push('late'))
  expect(heard).toEqual(['client_gone', 'late'])
  expect(deadline.signal.aborted).toBe(true)
})
