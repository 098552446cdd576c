import { isIP } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { Exchange } from './exchange.ts'
import type { Answer, Posting } from './posting.ts'
import { guardedLookup, isPrivateAddress } from './private-addresses.ts'

/** Connections to one origin. */
const CONNECTIONS = 128

/**
 * POSTs over connections that are kept. A redirect is not followed: it could lead to a place that was never agreed to. Unless
 * `allowPrivate`, private addresses are refused, by the very look-up that is connected to. Never throws.
 */
export function poster(allowPrivate: boolean): { post(posting: Posting): Promise<Answer>; close(): Promise<void> } {
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    connect: { timeout: 10_000, ...(allowPrivate ? {} : { lookup: guardedLookup }) },
    // a posting has one time limit of its own
    ...{ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: -1 },
  })
  return {
    async post(posting) {
      const started = performance.now()
      const told = await attempt(agent, posting, allowPrivate)
      return { ...told, ms: Math.round((performance.now() - started) * 10) / 10 }
    },
    close: () => agent.destroy(),
  }
}

function attempt(agent: Agent, posting: Posting, allowPrivate: boolean): Promise<Omit<Answer, 'ms'>> {
  const url = new URL(posting.url)
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(literal) !== 0 && isPrivateAddress(literal))
    return Promise.resolve({
      error: `${literal} is a private address: start the server with --allow-private-urls true to allow it`,
    })
  return new Promise(resolve => {
    const exchange = new Exchange(posting.timeoutMs, resolve)
    const request: Dispatcher.DispatchOptions = {
      ...{ origin: url.origin, path: url.pathname + url.search, method: 'POST' },
      ...{ headers: posting.headers, body: posting.body },
    }
    try {
      agent.dispatch(request, exchange)
    } catch (error) {
      exchange.onResponseError(undefined, error as Error)
    }
  })
}
