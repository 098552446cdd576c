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

type Take = (block: HashedBlock) => Promise<void>

/**
 * Reads files in threads, each file once, at most `most` at a time, and hands their chunks out block by block, waiting for
 * each to be taken. Threads are kept for the next file, and keep no program alive.
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
    let taken = Promise.resolve()
    const onAnswer = (answer: ThreadAnswer) => {
      if ('failed' in answer) reject(Object.assign(new Error(answer.failed), { code: answer.code }))
      else if ('digest' in answer) taken.then(() => resolve(answer), reject)
      else {
        taken = taken.then(() => take(answer)).then(() => thread.ask('next'))
        taken.catch(reject)
      }
    }
    thread.listen(onAnswer, reject)
    thread.ask({ path })
  })
}
