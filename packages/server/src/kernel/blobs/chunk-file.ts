import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { HaganeError } from '@hagane/contract'

export interface ChunkedBlock {
  readonly bytes: Uint8Array
  readonly chunks: readonly { readonly offset: number; readonly length: number; readonly digest: string }[]
}
/** `changed`: somebody wrote to the file while it was read. */
export interface ChunkedEnd {
  readonly digest: string
  readonly size: number
  readonly changed: boolean
}
type Message = ChunkedBlock | ChunkedEnd | { failed: string; code?: string }

const idle: Worker[] = []
const queue: ((worker: Worker) => void)[] = []
let running = 0

/**
 * Reads a file once, in a thread of its own (as many at a time as there are processors), and hands its chunks out block by
 * block, waiting for each. Rejects with the error of the file system when it cannot be read.
 */
export async function chunkFile(path: string, take: (block: ChunkedBlock) => Promise<void>): Promise<ChunkedEnd> {
  const worker = await claimWorker()
  try {
    const end = await readChunks(worker, path, take)
    release(worker)
    return end
  } catch (error) {
    running -= 1
    await worker.terminate()
    passOn()
    throw error
  }
}

function readChunks(worker: Worker, path: string, take: (block: ChunkedBlock) => Promise<void>): Promise<ChunkedEnd> {
  return new Promise<ChunkedEnd>((resolve, reject) => {
    let taken = Promise.resolve()
    const onMessage = (message: Message) => {
      if ('failed' in message) reject(Object.assign(new Error(message.failed), { code: message.code }))
      else if ('chunks' in message) {
        taken = taken.then(() => take(message)).then(() => worker.postMessage('next'))
        taken.catch(reject)
      } else taken.then(() => resolve(message), reject)
    }
    worker.removeAllListeners()
    worker.on('message', onMessage)
    worker.once('error', reject)
    worker.once('exit', () => reject(new HaganeError('internal', `the thread that read ${path} ended`)))
    worker.ref()
    worker.postMessage({ path })
  })
}

function claimWorker(): Promise<Worker> {
  const known = idle.pop()
  if (known !== undefined) return Promise.resolve(known)
  if (running < availableParallelism()) {
    running += 1
    return Promise.resolve(new Worker(workerFile()))
  }
  return new Promise(resolve => queue.push(resolve))
}

/** An idle worker does not keep the process alive. */
function release(worker: Worker): void {
  const waiting = queue.shift()
  if (waiting === undefined) {
    worker.removeAllListeners()
    worker.unref()
    idle.push(worker)
  } else waiting(worker)
}

function passOn(): void {
  const waiting = queue.shift()
  if (waiting !== undefined) claimWorker().then(waiting)
}

/** Beside this file in the sources, beside the program in a bundle. */
const workerFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './chunk-worker.ts' : './chunk-worker.mjs', import.meta.url)
