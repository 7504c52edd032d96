import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BootError } from '../boot-error.ts'
import type { MetricsAddress } from '../settings/index.ts'
import type { Runtime } from '../runtime.ts'
import { EXPOSITION_TYPE, writeExposition } from './exposition.ts'
import { runtimeFamilies } from './metrics.ts'
import { ProcessMetrics } from './process-metrics.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** Scrapers need one or two; who holds more is none. */
const MOST_CONNECTIONS = 16
/** Milliseconds for a request to arrive. */
const REQUEST_TIMEOUT = 5_000

/**
 * Serves `GET /metrics` on an address of its own, so that the Bridge's public one never shows them.
 *
 * @throws BootError if the address cannot be listened on.
 */
export async function serveMetrics(runtime: Runtime, { host, port }: MetricsAddress): Promise<MetricsServer> {
  const ownProcess = new ProcessMetrics()
  const answer: RequestListener = ({ method, url }, response) => {
    if (url !== '/metrics') return void response.writeHead(404).end()
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    const text = writeExposition([...runtimeFamilies(runtime), ...ownProcess.families()])
    response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' }).end(text)
  }
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT, connectionsCheckingInterval: 1000 }, answer)
  server.maxConnections = MOST_CONNECTIONS
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  } catch (error) {
    ownProcess.stop()
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new BootError('address_unusable', `Metrics cannot be served on ${host}:${port} (${code}).`, 'Set METRICS_HOST and METRICS_PORT.', { cause: error })
  }
  // Whoever scrapes never keeps a Bridge from ending.
  server.unref()
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      ownProcess.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
