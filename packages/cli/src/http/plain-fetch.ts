import { Agent, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Answer, Question } from '@hagane/contract'

const agent = new Agent({ keepAlive: true })

/**
 * `fetch` over plain HTTP by Node's own client, which is there in a fifth of the time: loading the platform's `fetch` is a
 * good part of a short command. Other schemes and streamed bodies go the usual way.
 */
export const plainFetch = (url: string, question: Question): Promise<Answer> =>
  url.startsWith('http://') && (question.body === undefined || typeof question.body === 'string')
    ? send(url, question, question.body)
    : fetch(url, question as RequestInit)

function send(url: string, { method, headers, signal }: Question, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const asked = request(url, { method, headers: { ...headers, ...length }, agent, ...(signal && { signal }) })
    asked.on('response', message => resolve(answerOf(message)))
    asked.on('error', error => reject(signal?.aborted ? error : new TypeError('fetch failed', { cause: error })))
    asked.end(body)
  })
}

function answerOf(message: IncomingMessage): Answer {
  const status = message.statusCode ?? 0
  let body: ReadableStream<Uint8Array> | undefined
  const bytes = () => buffer(chunksOf(message))
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: name => [message.headers[name.toLowerCase()] ?? null].flat()[0] ?? null },
    get body() {
      body ??= Readable.toWeb(Readable.from(chunksOf(message))) as ReadableStream<Uint8Array>
      return body
    },
    text: async () => (await bytes()).toString('utf8'),
    json: async () => JSON.parse((await bytes()).toString('utf8')),
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
  }
}

/** As `fetch` does, a TypeError tells of a server that goes away in the middle of an answer. */
async function* chunksOf(message: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* message
  } catch (cause) {
    throw new TypeError('terminated', { cause })
  }
}
