// Runs Workers in workerd, for tests that ask over IPC. A process of its own, because miniflare lets an ECONNRESET of a closed
// Hyperdrive socket go uncaught.
import { createInterface } from 'node:readline'
import { Miniflare } from 'miniflare'

/** @type {Map<number, Miniflare>} */
const running = new Map()

process.on('uncaughtException', (error) => {
  if (error.code !== 'ECONNRESET') throw error
})

process.on('message', async ({ id, start, stop }) => {
  try {
    if (start !== undefined) {
      const told = (line) => process.send({ id, line })
      const miniflare = new Miniflare({
        modules: [{ type: 'ESModule', path: 'worker.js', contents: start.script }],
        compatibilityDate: start.compatibilityDate, compatibilityFlags: start.compatibilityFlags,
        bindings: start.bindings, hyperdrives: start.hyperdrives,
        host: '127.0.0.1', port: 0, cachePersist: false,
        handleRuntimeStdio(stdout, stderr) {
          for (const stream of [stdout, stderr]) createInterface(stream).on('line', told)
        },
      })
      running.set(id, miniflare)
      process.send({ id, url: (await miniflare.ready).href })
    }
    if (stop) {
      await running.get(id)?.dispose()
      running.delete(id)
      process.send({ id, stopped: true })
    }
  } catch (error) {
    process.send({ id, failed: String(error?.stack ?? error) })
  }
})

// The tests are gone.
process.on('disconnect', () => void Promise.all([...running.values()].map((miniflare) => miniflare.dispose())).finally(() => process.exit()))
