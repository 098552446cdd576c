import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Uploads that are still running after this are cut, so that a stop always ends. */
const CLOSE_MS = 5000

/** Signals of the calls under way: each aborts when its client leaves, all when the server stops. */
export interface OpenCalls {
  signalFor(response: ServerResponse): AbortSignal
}

/** Long answers (event feeds, logs that wait) end with the server instead of holding it up. */
export function trackOpenCalls(app: FastifyInstance): OpenCalls {
  const open = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const call of open) call.abort()
    setTimeout(() => app.server.closeAllConnections(), CLOSE_MS).unref()
  })
  return {
    signalFor(response) {
      const gone = new AbortController()
      open.add(gone)
      response.once('close', () => {
        open.delete(gone)
        if (!response.writableFinished) gone.abort()
      })
      return gone.signal
    },
  }
}
