import { expect, test } from 'vitest'
import { module, type TestProject } from './bundle.ts'
import { post, spawnBridge } from './spawned.ts'

/** Each a handler body that goes wrong in a way of its own; `hunter2` must never come out. */
const FAILURES: Readonly<Record<string, string>> = {
  throwsAnError: 'throw new Error("hunter2")',
  rejects: 'return Promise.reject(new Error("hunter2"))',
  throwsText: 'throw "hunter2"',
  throwsNothing: 'throw undefined',
  throwsNull: 'throw null',
  throwsABareObject: 'throw Object.assign(Object.create(null), { message: "hunter2" })',
  throwsAProxy: 'throw new Proxy({}, { get() { throw new Error("hunter2") }, getPrototypeOf() { throw new Error("hunter2") } })',
  throwsAnErrorWithGetters: 'throw Object.defineProperty(new Error(""), "message", { get() { throw new Error("hunter2") } })',
  throwsItsOwnCause: 'const error = new Error("hunter2"); error.cause = error; throw error',
  throwsAFrozenFunction: 'throw Object.freeze(() => "hunter2")',
  throwsALyingError: 'throw Object.assign(new Error("hunter2"), { isLogicError: true, status: 200, code: "fine" })',
  throwsARoundRefusal: 'const extra = { secret: "hunter2" }; extra.self = extra; throw Object.assign(new Error("no"), { isLogicError: true, status: 409, code: "x", extra })',
  throwsARefusalThatThrows: 'throw Object.assign(new Error("no"), { isLogicError: true, status: 409, code: "x", extra: { toJSON() { throw new Error("hunter2") } } })',
  returnsAThenableThatThrows: 'return { then() { throw new Error("hunter2") } }',
  returnsACircle: 'const circle = { secret: "hunter2" }; circle.circle = circle; return circle',
  returnsAThrowingGetter: 'return { get value() { throw new Error("hunter2") } }',
  returnsAThrowingToJson: 'return { toJSON() { throw new Error("hunter2") } }',
  returnsFarTooMuch: 'return "hunter2".repeat(2_000_000)',
  recursesForever: 'const again = () => again() + 1; return again()',
  exits: 'process.exit(3)',
  exitsLater: 'process.nextTick(() => process.exit(3)); await new Promise((resolve) => setTimeout(resolve, 20)); throw new Error("hunter2")',
  unsetsExitCode: 'process.exitCode = 3; throw new Error("hunter2")',
}

/** What goes wrong after the answer, or beside it: the answer is good, and the process must live. */
const STRAYS: Readonly<Record<string, string>> = {
  leavesARejection: 'Promise.reject(new Error("stray hunter2")); return "ok"',
  leavesANullRejection: 'Promise.reject(null); return "ok"',
  throwsInATimer: 'setTimeout(() => { throw new Error("stray hunter2") }); return "ok"',
  throwsInATick: 'process.nextTick(() => { throw new Error("stray hunter2") }); return "ok"',
  throwsInAMicrotask: 'queueMicrotask(() => { throw null }); return "ok"',
  throwsInAnEvent: 'const { EventEmitter } = await import("node:events"); setImmediate(() => new EventEmitter().emit("error", new Error("stray hunter2"))); return "ok"',
  breaksASocket: 'const { connect } = await import("node:net"); connect(1, "127.0.0.1"); return "ok"',
  throwsAProxyLater: 'setImmediate(() => { throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 1 } }) }); return "ok"',
}

const all = { ...FAILURES, ...STRAYS, works: 'return "ok"' }

const project: TestProject = {
  logic: Object.fromEntries(Object.keys(all).map((name) => [`f/${name}`, module(`${name}.mjs`, { access: 'public' })])),
  modules: Object.fromEntries(Object.entries(all).map(([name, body]) => [`${name}.mjs`, `export default { async handler() { ${body} } }`])),
}

test('nothing that logic does wrong ends the process or reaches a client', async () => {
  const bridge = await spawnBridge(project)
  for (const name of Object.keys(FAILURES)) {
    const answer = await post(bridge, `f/${name}`)
    expect(answer.status, name).toBe(500)
    expect(answer.body, name).toEqual({
      type: 'about:blank', title: 'Internal Server Error', status: 500, code: name === 'returnsFarTooMuch' ? 'response_too_large' : 'internal',
      detail: expect.any(String) as string, requestId: expect.any(String) as string,
    })
    expect(JSON.stringify(answer.body), name).not.toMatch(/hunter2|\.mjs|at /)
  }
  for (const name of Object.keys(STRAYS)) expect(await post(bridge, `f/${name}`), name).toEqual({ status: 200, body: { data: 'ok' } })
  expect(await post(bridge, 'f/works')).toEqual({ status: 200, body: { data: 'ok' } })

  // Each is told to the operator, with what was thrown.
  const failed = bridge.lines.filter(({ message, status }) => message === 'call' && status === 500)
  expect(failed.map(({ logic }) => logic)).toEqual(Object.keys(FAILURES).map((name) => `f/${name}`))
  for (const line of failed) expect(line.error, String(line.logic)).toMatchObject({ message: expect.any(String) as string })
  await expect.poll(() => bridge.lines.filter(({ message }) => /^(unhandled rejection|uncaught exception) in logic$/.test(String(message))).length, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(Object.keys(STRAYS).length)
  expect(bridge.lines.filter(({ message }) => message === 'logic tried to end the process')).toHaveLength(2)

  expect(bridge.stderr()).toBe('')
  bridge.child.kill('SIGTERM')
  expect(await bridge.exited).toBe(0)
}, 120_000)
