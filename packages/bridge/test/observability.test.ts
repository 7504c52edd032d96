import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import parse from 'parse-prometheus-text-format'
import { expect, onTestFinished, test } from 'vitest'
import { bearer, startTestBridge, type TestBridge } from './bridge.ts'
import { module, sql, type TestProject } from './bundle.ts'
import { startIssuer } from './issuer.ts'

const ANY = "const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }\n"

const project = (manifest: TestProject['manifest'] = {}): TestProject => ({
  logic: {
    'm/ok': module('ok.mjs', { access: 'public' }),
    'm/any': module('any.mjs', { access: 'public' }),
    'm/fail': module('fail.mjs', { access: 'public' }),
    'm/send': module('send.mjs', { access: 'public' }),
    'm/cached': module('send.mjs', { access: 'public', cache: { ttl: 60_000 } }),
    'm/mine': module('ok.mjs'),
    'q/one': sql('select 1 as n', { access: 'public', result: 'value' }),
  },
  modules: {
    'ok.mjs': 'export default { handler: () => "ok" }',
    'any.mjs': `${ANY}export default { params, handler: () => "ok" }`,
    'fail.mjs': 'export default { handler() { throw new Error("no") } }',
    'send.mjs': `${ANY}export default { params, async handler({ params, request }) {
      await fetch(params.to, { headers: { ...request.trace } }); return Object.keys(request.trace) } }`,
  },
  manifest: { databases: { main: { driver: 'libsql', url: 'file::memory:', statementTimeout: 5000, pool: { max: 3, queue: 10 } } }, ...manifest },
})

type Metrics = ReadonlyMap<string, ReturnType<typeof parse>[number]['metrics']>

async function scrape({ metricsUrl = '' }: TestBridge): Promise<Metrics> {
  const response = await fetch(metricsUrl)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  // The parser forgets the labels of a histogram; of its samples it does not.
  const text = (await response.text()).replaceAll(/^# TYPE .* histogram$/gm, '')
  const families = parse(text)
  return new Map(families.map(({ name }) => [name, families.flatMap((family) => family.name === name ? family.metrics : [])]))
}

function valueOf(metrics: Metrics, name: string, labels: Record<string, string> = {}): number | undefined {
  const found = metrics.get(name)?.find((metric) => Object.entries(labels).every(([label, value]) => metric.labels?.[label] === value))
  return found === undefined ? undefined : Number(found.value)
}

test('metrics tell of calls, databases, the cache, keys and the process', async () => {
  const issuer = await startIssuer()
  onTestFinished(issuer.stop)
  const bridge = await startTestBridge(project({ auth: issuer.auth }), { METRICS_PORT: '0' })
  const { call, request } = bridge
  await call('q/one')
  await call('m/ok')
  await call('m/ok')
  await call('m/fail')
  await call('m/none')
  await call('m/other')
  await call('m/mine', {}, bearer(await issuer.token('ann')))
  await call('m/mine')
  const to = `${bridge.url}/health`
  await request(`/call/m/cached?to=${encodeURIComponent(to)}`)
  await call('m/cached', { to })

  const metrics = await scrape(bridge)
  const calls = (logic: string, status: number): number | undefined => valueOf(metrics, 'santokit_calls_total', { logic, status: String(status) })
  expect([calls('m/ok', 200), calls('m/fail', 500), calls('', 404), calls('m/mine', 200), calls('m/mine', 401)]).toEqual([2, 1, 2, 1, 1])
  expect(valueOf(metrics, 'santokit_call_duration_seconds_count', { logic: 'm/ok' })).toBe(2)
  expect(valueOf(metrics, 'santokit_call_database_seconds_total', { logic: 'q/one' })).toBeGreaterThan(0)
  expect(valueOf(metrics, 'santokit_calls_running')).toBe(0)
  expect(valueOf(metrics, 'santokit_calls_limit')).toBe(100)
  expect(valueOf(metrics, 'santokit_database_connections_limit', { database: 'main' })).toBeGreaterThan(0)
  expect(valueOf(metrics, 'santokit_database_waiting', { database: 'main' })).toBe(0)
  expect(valueOf(metrics, 'santokit_cache_lookups_total', { logic: 'm/cached', outcome: 'miss' })).toBe(1)
  expect(valueOf(metrics, 'santokit_cache_lookups_total', { logic: 'm/cached', outcome: 'hit' })).toBe(1)
  expect(valueOf(metrics, 'santokit_cache_answers')).toBe(1)
  const [{ issuer: url = '' } = {}] = issuer.auth.issuers
  expect(valueOf(metrics, 'santokit_jwks_fetches_total', { issuer: url, outcome: 'ok' })).toBe(1)
  expect(valueOf(metrics, 'santokit_jwks_keys', { issuer: url })).toBe(1)
  expect(valueOf(metrics, 'santokit_build_info', { project: 'shop', digest: bridge.manifest.digest })).toBe(1)
  expect(valueOf(metrics, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(valueOf(metrics, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
})

test('a failed fetch of keys is counted', async () => {
  const issuer = await startIssuer()
  const token = await issuer.token('ann')
  await issuer.stop()
  const bridge = await startTestBridge(project({ auth: issuer.auth }), { METRICS_PORT: '0' })
  expect((await bridge.call('m/mine', {}, bearer(token))).status).toBe(503)
  const metrics = await scrape(bridge)
  expect(valueOf(metrics, 'santokit_jwks_fetches_total', { outcome: 'failed' })).toBe(1)
  expect(valueOf(metrics, 'santokit_jwks_last_success_timestamp_seconds')).toBe(0)
})

test('metrics have an address of their own, on loopback, and only if asked for', async () => {
  const silent = await startTestBridge(project())
  expect(silent.metricsUrl).toBeUndefined()
  const bridge = await startTestBridge(project(), { METRICS_PORT: '0' })
  expect(bridge.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  expect((await bridge.request('/metrics')).status).toBe(404)
  const other = new URL('/', bridge.metricsUrl)
  expect((await fetch(other)).status).toBe(404)
  expect((await fetch(bridge.metricsUrl ?? '', { method: 'POST' })).status).toBe(405)
  await bridge.close()
  await expect(fetch(bridge.metricsUrl ?? '')).rejects.toThrow()
})

test('an address for metrics that is taken keeps the Bridge from starting, and leaves nothing open', async () => {
  const taken = await startTestBridge(project(), { METRICS_PORT: '0' })
  const port = new URL(taken.metricsUrl ?? '').port
  await expect(startTestBridge(project(), { METRICS_PORT: port })).rejects.toMatchObject({ code: 'address_unusable', fix: 'Set METRICS_HOST and METRICS_PORT.' })
})

test('a trace goes on into what logic sends, and into the log', async () => {
  const received: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    received.push(request.headers)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => { await new Promise((resolve) => { server.close(resolve); server.closeAllConnections() }) })
  const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { call, log } = await startTestBridge(project())
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const trace = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'congo=t61rcWkgMzE' }
  expect((await call('m/send', { to }, trace)).body).toEqual({ data: ['traceparent', 'tracestate'] })
  const line = log.find(({ logic }) => logic === 'm/send')
  expect(line).toMatchObject({ traceId, parentId: '00f067aa0ba902b7' })
  expect(received[0]).toMatchObject({ traceparent: `00-${traceId}-${line?.spanId as string}-01`, tracestate: 'congo=t61rcWkgMzE' })

  expect((await call('m/send', { to }, { traceparent: 'forged\u00e9' })).body).toEqual({ data: [] })
  expect((await call('m/cached', { to }, trace)).body).toEqual({ data: [] })
  expect(received.slice(1).map(({ traceparent }) => traceparent)).toEqual([undefined, undefined])
})

test('params are logged only if asked for, and never their secrets', async () => {
  const params = { id: 7, password: 'planted-1', nested: { token: 'planted-2' }, text: 'x'.repeat(500) }
  const silent = await startTestBridge(project())
  await silent.call('m/any', params)
  expect(silent.log.find(({ logic }) => logic === 'm/any')).not.toHaveProperty('params')
  const talkative = await startTestBridge(project(), { LOG_PARAMS: '1' })
  await talkative.call('m/any', params, bearer('not.a.token'))
  await talkative.call('m/any', params)
  expect(talkative.log.filter(({ logic }) => logic === 'm/any').at(-1)).toMatchObject({
    params: { id: 7, password: '[redacted]', nested: { token: '[redacted]' }, text: `${'x'.repeat(200)}… [500 characters]` },
  })
  expect(JSON.stringify(talkative.log)).not.toMatch(/planted|not\.a\.token/)
})
