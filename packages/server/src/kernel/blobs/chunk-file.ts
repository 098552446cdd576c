import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { ChunkReader, type ChunkThread } from '@hagane/contract'

/** One for the process: threads cost some milliseconds to start, and more of them than processors gain nothing. */
export const chunkReader = new ChunkReader(startThread, availableParallelism())

function startThread(): ChunkThread {
  const worker = new Worker(threadFile())
  return {
    ask: question => worker.postMessage(question),
    listen(onAnswer, onEnd) {
      worker.removeAllListeners()
      worker.on('message', onAnswer)
      worker.on('error', onEnd)
      worker.on('exit', () => onEnd(new Error('the thread that reads files ended')))
    },
    hold: held => (held ? worker.ref() : worker.unref()),
    stop: () => void worker.terminate(),
  }
}

/** Beside this file in the sources, beside the program in a bundle. */
const threadFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './chunk-worker.ts' : './chunk-worker.mjs', import.meta.url)
