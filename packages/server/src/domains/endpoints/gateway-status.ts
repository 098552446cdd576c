import { readFileSync } from 'node:fs'
import { request as plain, type RequestOptions } from 'node:http'
import { request as secure } from 'node:https'
import { json } from 'node:stream/consumers'

const answerMs = 3000

/**
 * What a gateway says of itself. Its certificate is trusted because it is the very file that it was given, whatever name
 * it was made for. Throws what the connection throws; a `TimeoutError` when it does not answer in time.
 */
export function askStatus(
  url: string,
  authorization: string,
  certFile: string | undefined,
): Promise<{ gateway?: { pid?: number } }> {
  const options: RequestOptions = { headers: { authorization }, signal: AbortSignal.timeout(answerMs), agent: false }
  const trusted = { ...options, ca: certFile === undefined ? undefined : readFileSync(certFile) }
  return new Promise((resolve, reject) => {
    const call = url.startsWith('https:')
      ? secure(url, { ...trusted, checkServerIdentity: () => undefined })
      : plain(url, options)
    call.on('response', response => void json(response).then(said => resolve(said as object), reject))
    call.on('error', error => reject(options.signal?.aborted === true ? options.signal.reason : error))
    call.end()
  })
}
