import type { ServerRequest } from 'srvx'
import type { ClientWatch } from '../deadline.ts'

/** Watches the client of a request. On Node by its response, since making the request's own signal costs more. */
export function watchClient(request: ServerRequest): ClientWatch {
  const response = request.runtime?.node?.res
  if (!response) return (onGone) => request.signal.addEventListener('abort', onGone, { once: true })
  return (onGone) => {
    if (response.destroyed && !response.writableEnded) onGone()
    else response.once('close', () => { if (!response.writableEnded) onGone() })
  }
}
