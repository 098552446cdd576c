import type { HashedBlock, HashedEnd, ThreadAnswer, ThreadQuestion } from './chunk-thread.ts'

/** A thread that runs `chunkThread`, seen from outside. */
export interface ChunkThread {
  ask(question: ThreadQuestion): void
  /** Takes the place of an earlier listener. */
  listen(onAnswer: (answer: ThreadAnswer) => void, onEnd: (error: Error) => void): void
  /** Whether the program waits for this thread before it ends. */
  hold(held: boolean): void
  stop(): void
}

/** The part of Node's `Worker` that a chunk thread is made of. */
interface ThreadWorker {
  postMessage(question: ThreadQuestion): void
  on(event: 'message', listener: (answer: ThreadAnswer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: () => void): unknown
  removeAllListeners(): unknown
  ref(): void
  unref(): void
  terminate(): unknown
}

/** A worker that runs `chunkThread`, as the reader uses it. */
export function threadOf(worker: ThreadWorker): ChunkThread {
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

type Take = (block: HashedBlock) => Promise<void>

/**
 * Reads files in threads, each file once, at most `most` at a time, and hands their chunks out block by block, in order; a
 * few blocks may be under way, the next is read when one was taken. Threads are kept for the next file, and keep no program
 * alive.
 */
export class ChunkReader {
  readonly #idle: ChunkThread[] = []
  readonly #waiting: (() => void)[] = []
  readonly #start: () => ChunkThread
  #free: number

  constructor(start: () => ChunkThread, most: number) {
    this.#start = start
    this.#free = most
  }

  /** Rejects with the error of the file system, its `code` included, when the file cannot be read. */
  async read(path: string, take: Take): Promise<HashedEnd> {
    if (this.#free === 0) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#free -= 1
    const thread = this.#idle.pop() ?? this.#start()
    thread.hold(true)
    try {
      const end = await readThrough(thread, path, take)
      thread.hold(false)
      this.#idle.push(thread)
      return end
    } catch (error) {
      thread.stop()
      throw error
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

function readThrough(thread: ChunkThread, path: string, take: Take): Promise<HashedEnd> {
  return new Promise((resolve, reject) => {
    const underWay = new Set<Promise<void>>()
    const onAnswer = (answer: ThreadAnswer) => {
      if ('failed' in answer) reject(Object.assign(new Error(answer.failed), { code: answer.code }))
      else if ('digest' in answer) Promise.all(underWay).then(() => resolve(answer), reject)
      else {
        const taking = take(answer).then(() => {
          underWay.delete(taking)
          thread.ask('next')
        })
        underWay.add(taking)
        taking.catch(reject)
      }
    }
    thread.listen(onAnswer, reject)
    thread.ask({ path })
  })
}
