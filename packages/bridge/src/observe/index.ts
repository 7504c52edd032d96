export { createMetrics, type Metrics } from './metrics.ts'
export { type MetricsServer, serveMetrics } from './server.ts'
export { readTrace, type Trace, traceHeaders } from './trace.ts'
