import { endsConnection } from './errors.ts'
import { NO_ROWS } from './rows/no-rows.ts'
import { Session } from './session.ts'
import { sessionSettings, transactionSettings } from './session-settings.ts'
import type { Statement } from './wire/exchange.ts'
import { login, type Login } from './wire/login.ts'

/** A connection that statements may be sent on. */
export interface OpenConnection extends Login {
  /** What has to come before each transaction, because the session does not keep it; nothing without a pooler. */
  readonly settings: readonly Statement[]
}

/**
 * Connects and sets the session up.
 *
 * @param timeout milliseconds after which the server cancels a statement; 0 for never.
 */
export async function openConnection(url: string, timeout: number): Promise<OpenConnection> {
  const connected = await login(url)
  const session = new Session(connected, [], () => {})
  try {
    const { tag } = await session.send([sessionSettings(Math.trunc(timeout), connected.processId)], NO_ROWS)
    return { ...connected, settings: tag === 'SELECT 1' ? [] : [transactionSettings(Math.trunc(timeout))] }
  } catch (error) {
    if (endsConnection(error)) connected.wire.destroy()
    else connected.wire.end()
    throw error
  }
}
