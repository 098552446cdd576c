import type { IncomingHttpHeaders } from 'node:http'

/** The head of a request that can be read in only one way. */
export interface PlainHead {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values by turns, as they were sent. */
  readonly rawHeaders: string[]
  readonly bodyLength: number
}

/** A token as names are; values of visible ASCII with blanks between; exactly CR LF after each. */
const line = /^([A-Za-z0-9-]{1,64}):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?[ \t]*$/
const start = /^POST (\/[\x21-\x7e]*) HTTP\/1\.1$/
const digits = /^\d{1,9}$/

/** What changes how a request is read, or who may read its answer. */
const telling = new Set(['expect', 'origin', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

/**
 * Reads the head of a POST, without the empty line at its end. undefined for whatever leaves room for opinion: another
 * version, a name twice, folded lines, bytes beyond ASCII, transfer codings, expectations, no host, no length. Of what is
 * left every reader makes the same (RFC 9112), so it need not be the strictest one that decides.
 */
export function readPlainHead(text: string): PlainHead | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const url = start.exec(first)?.[1]
  if (url === undefined) return undefined
  const headers: IncomingHttpHeaders = {}
  const rawHeaders: string[] = []
  for (const sent of lines) {
    const [, name, value = ''] = line.exec(sent) ?? []
    const key = name?.toLowerCase()
    if (name === undefined || key === undefined || key === '__proto__' || Object.hasOwn(headers, key)) return undefined
    if (telling.has(key)) return undefined
    headers[key] = value
    rawHeaders.push(name, value)
  }
  const { host, connection = 'keep-alive', 'content-length': length = '' } = headers
  if (!host || connection.toLowerCase() !== 'keep-alive' || !digits.test(length)) return undefined
  return { url, headers, rawHeaders, bodyLength: Number(length) }
}
