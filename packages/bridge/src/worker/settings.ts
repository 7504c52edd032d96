import { BootError } from '../boot-error.ts'
import { type LogLevel, LOG_LEVELS } from '../log.ts'
import type { RuntimeSettings } from '../settings/index.ts'
import type { WorkerEnvironment } from './contract.ts'

/** Which version of the Worker this is, from the binding `CF_VERSION_METADATA`. */
export interface WorkerVersion {
  readonly id: string
  readonly tag?: string
}

/** Reads one text of a Worker's environment; an empty one counts as not set. */
export function textOf(env: WorkerEnvironment, name: string): string | undefined {
  const value = env[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws BootError naming the setting that is wrong. */
export function readWorkerSettings(env: WorkerEnvironment): RuntimeSettings {
  const dev = textOf(env, 'STK_DEV') === '1'
  const devIssuer = textOf(env, 'STK_DEV_ISSUER')
  if (devIssuer !== undefined && !dev) {
    throw new BootError(
      'bad_setting', 'STK_DEV_ISSUER is set, but STK_DEV is not 1.', 'Remove it: a development issuer is never trusted in production.',
    )
  }
  const imageTag = textOf(env, 'IMAGE_TAG')
  return {
    dev,
    logLevel: readLogLevel(textOf(env, 'LOG_LEVEL') ?? 'info'),
    logParams: textOf(env, 'LOG_PARAMS') === '1',
    ...(imageTag === undefined ? {} : { imageTag }),
    ...(devIssuer === undefined ? {} : { devIssuer }),
  }
}

/** The version that `CF_VERSION_METADATA` names, if the Worker has that binding. */
export function readWorkerVersion(env: WorkerEnvironment): WorkerVersion | undefined {
  const { id, tag } = (env.CF_VERSION_METADATA ?? {}) as { readonly id?: unknown; readonly tag?: unknown }
  if (typeof id !== 'string' || id === '') return undefined
  return { id, ...(typeof tag === 'string' && tag !== '' ? { tag } : {}) }
}

function readLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (level) return level
  throw new BootError('bad_setting', `LOG_LEVEL is ${JSON.stringify(text)}.`, `Give one of ${LOG_LEVELS.join(', ')}.`)
}
