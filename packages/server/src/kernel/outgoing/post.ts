import { isIP } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { guardedLookup, isPrivateAddress } from './private-addresses.ts'

/** A body to POST. */
export interface Posting {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** From the first byte out to the last byte in. */
  readonly timeoutMs: number
}

/** What came of a posting: the status of an answer, or why there is none. */
export interface Answer {
  readonly status?: number
  readonly error?: string
  /** Begin of the body of an answer that is not 2xx. */
  readonly excerpt?: string
  /** Seconds that the receiver asks to wait (`Retry-After`, RFC 9110). */
  readonly retryAfter?: number
  readonly ms: number
}

/** Connections to one origin. */
const CONNECTIONS = 64
const LONGEST_EXCERPT = 300
/** What is read of an answer's body, so that the connection can be used again. */
const LONGEST_BODY = 65_536

/**
 * POSTs over connections that are kept. A redirect is not followed: it could lead to a place that was never agreed to. Unless
 * `allowPrivate`, private addresses are refused, by the very look-up that is connected to. Never throws.
 */
export function poster(allowPrivate: boolean): { post(posting: Posting): Promise<Answer>; close(): Promise<void> } {
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    connect: { timeout: 10_000, ...(allowPrivate ? {} : { lookup: guardedLookup }) },
    maxResponseSize: -1,
  })
  return {
    async post(posting) {
      const started = performance.now()
      const told = await attempt(agent, posting, allowPrivate).catch((error: unknown) => ({ error: reasonOf(error) }))
      return { ...told, ms: Math.round((performance.now() - started) * 10) / 10 }
    },
    close: () => agent.destroy(),
  }
}

async function attempt(agent: Agent, posting: Posting, allowPrivate: boolean): Promise<Omit<Answer, 'ms'>> {
  const url = new URL(posting.url)
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(literal) !== 0 && isPrivateAddress(literal))
    return { error: `${literal} is a private address: start the server with --allow-private-urls true to allow it` }
  const { timeoutMs } = posting
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error(`no complete answer within ${timeoutMs / 1000} s`)), timeoutMs)
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: posting.headers,
      body: posting.body,
      signal: stop.signal,
    })
    if (answer.statusCode >= 200 && answer.statusCode < 300) {
      await answer.body.dump({ limit: LONGEST_BODY, signal: stop.signal })
      return { status: answer.statusCode }
    }
    return await refused(answer)
  } finally {
    clearTimeout(timer)
  }
}

async function refused({ statusCode: status, headers, body }: Dispatcher.ResponseData): Promise<Omit<Answer, 'ms'>> {
  let excerpt = ''
  for await (const piece of body.setEncoding('utf8')) {
    excerpt += piece
    if (excerpt.length >= LONGEST_EXCERPT) break
  }
  const retryAfter = Number(headers['retry-after'])
  const seconds = Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfter } : {}
  const location = status >= 300 && status < 400 ? String(headers.location ?? '') : ''
  return {
    ...{ status, ...seconds, excerpt: printable(excerpt) },
    error:
      location === ''
        ? `answered ${status}`
        : `answered ${status}: it redirects to ${printable(location)}, which is not followed`,
  }
}

const printable = (text: string): string => text.slice(0, LONGEST_EXCERPT).replace(/[^\P{C}\n]/gu, '�')

/** Errors of connections say little by themselves; those of several addresses say it once for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`
}
