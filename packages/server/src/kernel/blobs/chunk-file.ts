import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { ChunkReader, threadOf } from '@hagane/contract'

/** One for the process: threads cost some milliseconds to start, and more of them than processors gain nothing. */
export const chunkReader = new ChunkReader(() => threadOf(new Worker(threadFile())), availableParallelism())

/** Beside this file in the sources, beside the program in a bundle. */
const threadFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './chunk-worker.ts' : './chunk-worker.mjs', import.meta.url)
