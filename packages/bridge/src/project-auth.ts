import { createVerifier, type Verifier } from './auth/index.ts'
import { BootError } from './boot-error.ts'
import type { Log } from './logic.ts'
import type { Manifest } from './manifest/format.ts'
import type { RuntimeMetrics } from './runtime.ts'
import type { RuntimeSettings } from './settings/index.ts'

/** @throws BootError if nobody is asked who they are, outside of development. */
export function assertAuthAllowed(manifest: Manifest, settings: RuntimeSettings): void {
  if (manifest.auth.mode !== 'none' || settings.dev) return
  throw new BootError(
    'auth_disabled', "The project has auth: 'none', so anybody could call everything.",
    'Name an issuer under `auth.issuers`. On your own machine, set STK_DEV=1.',
  )
}

/**
 * The verifier of a project's tokens, which tells the log and the metrics what happens to its keys.
 *
 * @throws BootError if an issuer cannot be used.
 */
export function openVerifier(manifest: Manifest, settings: RuntimeSettings, log: Log, metrics: RuntimeMetrics): Verifier {
  try {
    return createVerifier(manifest.auth, {
      ...(settings.devIssuer === undefined ? {} : { devIssuer: settings.devIssuer }),
      onEvent: (event) => {
        const { type, ...fields } = event
        metrics.auth.listen(event)
        log[type === 'keys_fetched' ? 'info' : 'warn'](type, fields)
      },
    })
  } catch (error) {
    const why = error instanceof Error ? error.message : 'An issuer cannot be used.'
    throw new BootError('auth_setting', why, 'Correct `auth.issuers` and build the bundle again.', { cause: error })
  }
}
