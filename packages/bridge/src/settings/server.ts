import { BootError } from '../boot-error.ts'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import { type Environment, readSetting } from './environment.ts'

/** What a Bridge is told besides its project, wherever it runs. */
export interface RuntimeSettings {
  /** Reported by `/health`. */
  readonly imageTag?: string
  readonly logLevel: LogLevel
  /** The log line of a call holds its params, redacted. */
  readonly logParams: boolean
  /** Development: `auth: 'none'` is allowed and `returns` is checked. */
  readonly dev: boolean
  /** A local issuer that is trusted besides the manifest's. Loopback only. */
  readonly devIssuer?: string
}

/** Everything about the process that is not about the project. */
export interface ServerSettings extends RuntimeSettings {
  readonly port: number
  readonly host: string
  /** Milliseconds for which it still takes requests once the process is told to stop, and says that it is not ready. */
  readonly shutdownDelay: number
  /** Milliseconds that running calls get after that. */
  readonly shutdownTimeout: number
  /** Where metrics are served. Absent: nowhere. */
  readonly metrics?: MetricsAddress
  readonly connections: ConnectionLimits
}

export interface MetricsAddress {
  readonly host: string
  readonly port: number
}

/** What bounds connections, whoever opens them. */
export interface ConnectionLimits {
  /** Open at once; the next one is closed before it is read. */
  readonly max: number
  /** Milliseconds for a request to arrive in full. */
  readonly requestTimeout: number
}

/** @throws BootError naming the setting that is wrong. */
export function readServerSettings(env: Environment): ServerSettings {
  const dev = readSetting(env, 'STK_DEV') === '1'
  const host = readSetting(env, 'HOST') ?? (dev ? '127.0.0.1' : '0.0.0.0')
  const imageTag = readSetting(env, 'IMAGE_TAG')
  const devIssuer = readDevIssuer(env, dev, host)
  const metrics = readMetrics(env)
  return {
    port: readPort('PORT', readSetting(env, 'PORT') ?? '3000'),
    host,
    shutdownDelay: readDuration('SHUTDOWN_DELAY', readSetting(env, 'SHUTDOWN_DELAY') ?? '0s'),
    shutdownTimeout: readDuration('SHUTDOWN_TIMEOUT', readSetting(env, 'SHUTDOWN_TIMEOUT') ?? '25s'),
    logLevel: readLogLevel(readSetting(env, 'LOG_LEVEL') ?? 'info'),
    logParams: readSetting(env, 'LOG_PARAMS') === '1',
    connections: {
      max: readCount('MAX_CONNECTIONS', readSetting(env, 'MAX_CONNECTIONS') ?? '20000'),
      requestTimeout: readDuration('REQUEST_TIMEOUT', readSetting(env, 'REQUEST_TIMEOUT') ?? '30s'),
    },
    dev,
    ...(metrics === undefined ? {} : { metrics }),
    ...(imageTag === undefined ? {} : { imageTag }),
    ...(devIssuer === undefined ? {} : { devIssuer }),
  }
}

/** True for names and addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Loopback unless another host is named: metrics tell a stranger what a project does and how much of it. */
function readMetrics(env: Environment): MetricsAddress | undefined {
  const port = readSetting(env, 'METRICS_PORT')
  if (port !== undefined) return { host: readSetting(env, 'METRICS_HOST') ?? '127.0.0.1', port: readPort('METRICS_PORT', port) }
  if (readSetting(env, 'METRICS_HOST') === undefined) return undefined
  throw new BootError('bad_setting', 'METRICS_HOST is set, but METRICS_PORT is not.', 'Set METRICS_PORT, or remove METRICS_HOST.')
}

function readCount(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new BootError('bad_setting', `${name} is ${JSON.stringify(text)}.`, 'Give a number from 1 on.')
}

function readPort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new BootError('bad_setting', `${name} is ${JSON.stringify(text)}.`, 'Give a number from 0 (any free port) to 65535.')
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

function readDuration(name: string, text: string): number {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m)$/.exec(text) ?? []
  const scale = UNITS[unit]
  if (amount !== undefined && scale !== undefined) return Number(amount) * scale
  throw new BootError('bad_setting', `${name} is ${JSON.stringify(text)}.`, 'Give a number with its unit: 500ms, 25s or 2m.')
}

function readLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (level) return level
  throw new BootError('bad_setting', `LOG_LEVEL is ${JSON.stringify(text)}.`, `Give one of ${LOG_LEVELS.join(', ')}.`)
}

/** A development issuer signs for anybody, so nobody but this machine may reach a Bridge that trusts one. */
function readDevIssuer(env: Environment, dev: boolean, host: string): string | undefined {
  const issuer = readSetting(env, 'STK_DEV_ISSUER')
  if (issuer === undefined) return undefined
  const refuse = (why: string, fix: string): BootError => new BootError('bad_setting', `STK_DEV_ISSUER is set, ${why}`, fix)
  if (!dev) throw refuse('but STK_DEV is not 1.', 'Remove it: a development issuer is never trusted in production.')
  if (!isLoopback(host)) throw refuse(`and HOST is ${host}, which others can reach.`, 'Set HOST=127.0.0.1.')
  if (!URL.canParse(issuer) || !isLoopback(new URL(issuer).hostname)) {
    throw refuse('but it is not a loopback URL.', 'Give an address such as http://127.0.0.1:4000.')
  }
  return issuer
}
