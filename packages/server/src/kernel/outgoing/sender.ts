import { Worker } from 'node:worker_threads'
import type { Answer, Posting } from './posting.ts'

/** Sends requests from a thread of its own, so that thousands a second do not hold up the API. */
export interface Sender {
  /** Never rejects: what went wrong is in the answer. */
  post(posting: Posting): Promise<Answer>
  close(): Promise<void>
}

export interface Asked {
  readonly id: number
  readonly posting: Posting
}
export interface Answered {
  readonly id: number
  readonly answer: Answer
}

type Settle = (answer: Answer) => void

/** Beside this file in the sources, beside the program in a bundle. */
const threadFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './sender-worker.ts' : './sender-worker.mjs', import.meta.url)

/** The thread starts with the first posting, and again after it has died; what was under way then is answered as failed. */
export function openSender(allowPrivate: boolean): Sender {
  const waiting = new Map<number, Settle>()
  let thread: Worker | undefined
  let outbox: Asked[] = []
  let lastId = 0
  let closed = false

  const failAll = (error: string): void => {
    thread = undefined
    for (const settle of [...waiting.values()]) settle({ error, ms: 0 })
    waiting.clear()
  }
  const started = (): Worker => {
    if (thread !== undefined) return thread
    const worker = new Worker(threadFile(), { workerData: { allowPrivate } })
    worker.unref()
    worker.on('message', (answers: readonly Answered[]) => {
      for (const { id, answer } of answers) {
        waiting.get(id)?.(answer)
        waiting.delete(id)
      }
    })
    worker.on('error', error => failAll(`the thread that sends failed: ${error.message}`))
    worker.on('exit', () => failAll('the thread that sends ended'))
    thread = worker
    return worker
  }
  const flush = (): void => {
    const asked = outbox
    outbox = []
    if (!closed) started().postMessage(asked)
  }
  return {
    post: posting =>
      new Promise(resolve => {
        if (closed) return resolve({ error: 'the server is stopping', ms: 0 })
        waiting.set(++lastId, resolve)
        if (outbox.push({ id: lastId, posting }) === 1) setImmediate(flush)
      }),
    async close() {
      closed = true
      await thread?.terminate()
      failAll('the server is stopping')
    },
  }
}
