import { chunkBlocks } from './chunks.ts'

/** What a thread answers, block by block; `bytes` are handed over, not copied. */
export interface HashedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly chunks: readonly { readonly offset: number; readonly length: number; readonly digest: string }[]
}
/** After the last block. `changed`: somebody wrote to the file while it was read. */
export interface HashedEnd {
  readonly digest: string
  readonly size: number
  readonly changed: boolean
}
export interface HashFailed {
  readonly failed: string
  readonly code: string | undefined
}
export type ThreadAnswer = HashedBlock | HashedEnd | HashFailed
export type ThreadQuestion = { readonly path: string } | 'next'

/** A file that is open for reading. */
interface OpenFile {
  /** Fills the array from its begin; the number of bytes, 0 at the end. */
  read(into: Uint8Array): number
  /** Size and times: another value means that the file was written to. */
  stamp(): string
  close(): void
}

/** What a thread needs of the machine that it runs on. */
interface ThreadSystem {
  open(path: string): OpenFile
  /** SHA-256 in hexadecimal. */
  sha256(bytes: Uint8Array): string
  startSha256(): { update(bytes: Uint8Array): unknown; digest(encoding: 'hex'): string }
  answer(answer: ThreadAnswer, handedOver: ArrayBuffer[]): void
}

/** Blocks of 4 MiB that are under way at a time: storing one waits for a disk or a network. */
const blocksAhead = 4

/**
 * The inside of a thread that reads one file after the other, each once: cuts it into chunks, and hashes these and the
 * whole. A path is answered by some blocks, each `next` by one more, so that memory stays flat. Returns what takes questions.
 */
export function chunkThread(system: ThreadSystem): (question: ThreadQuestion) => void {
  let file: { blocks: Generator<HashedBlock, HashedEnd>; close(): void } | undefined
  const finish = () => {
    file?.close()
    file = undefined
  }
  const answer = () => {
    const next = file?.blocks.next()
    if (next === undefined) return
    if (next.done === true) finish()
    system.answer(next.value, next.done === true ? [] : [next.value.bytes.buffer])
  }
  return question => {
    try {
      if (question !== 'next') {
        finish()
        file = openBlocks(system, question.path)
        for (let ahead = 1; ahead < blocksAhead; ahead += 1) answer()
      }
      answer()
    } catch (error) {
      finish()
      const { message, code } = error as Error & { code?: string }
      system.answer({ failed: message, code }, [])
    }
  }
}

function openBlocks(system: ThreadSystem, path: string) {
  const file = system.open(path)
  return { blocks: hashedBlocks(system, file), close: file.close }
}

function* hashedBlocks(system: ThreadSystem, file: OpenFile): Generator<HashedBlock, HashedEnd> {
  const before = file.stamp()
  const whole = system.startSha256()
  let size = 0
  for (const { bytes, chunks } of chunkBlocks(file.read)) {
    const hashed = chunks.map(({ offset, length }) => {
      const chunk = bytes.subarray(offset, offset + length)
      whole.update(chunk)
      size += length
      return { offset, length, digest: system.sha256(chunk) }
    })
    yield { bytes, chunks: hashed }
  }
  return { digest: whole.digest('hex'), size, changed: file.stamp() !== before }
}
