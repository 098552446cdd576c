import { createHash, hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { chunkBlocks } from '@hagane/contract'
import type { ChunkedBlock, ChunkedEnd } from './chunk-file.ts'

/**
 * Reads one file after the other, each once: cuts it into chunks, and hashes these and the whole. Answers block by block;
 * two may be under way, the next is read when one was taken (`next`), so memory stays flat.
 */
const port = parentPort
if (port === null) throw new Error('chunk-worker runs as a worker thread')
let file: { blocks: Generator<ChunkedBlock, ChunkedEnd>; close(): void } | undefined

port.on('message', (message: { path: string } | 'next') => {
  try {
    if (message !== 'next') {
      file?.close()
      file = openFile(message.path)
      answer()
    }
    answer()
  } catch (error) {
    file?.close()
    file = undefined
    const { code, message: text } = error as NodeJS.ErrnoException
    port?.postMessage({ failed: text, code })
  }
})

function answer(): void {
  if (file === undefined) return
  const { value, done } = file.blocks.next()
  if (done === true) {
    file.close()
    file = undefined
    port?.postMessage(value)
  } else port?.postMessage(value, [(value as ChunkedBlock).bytes.buffer as ArrayBuffer])
}

function openFile(path: string) {
  const descriptor = openSync(path, 'r')
  return { blocks: chunked(descriptor), close: () => closeSync(descriptor) }
}

function* chunked(descriptor: number): Generator<ChunkedBlock, ChunkedEnd> {
  const before = fstatSync(descriptor, { bigint: true })
  const whole = createHash('sha256')
  let size = 0
  for (const { bytes, chunks } of chunkBlocks(into => readSync(descriptor, into))) {
    const hashed = chunks.map(({ offset, length }) => {
      const chunk = bytes.subarray(offset, offset + length)
      return { offset, length, digest: hash('sha256', chunk) }
    })
    const last = chunks.at(-1)
    const end = last === undefined ? 0 : last.offset + last.length
    whole.update(bytes.subarray(0, end))
    size += end
    yield { bytes, chunks: hashed }
  }
  const after = fstatSync(descriptor, { bigint: true })
  const changed = before.mtimeNs !== after.mtimeNs || before.ctimeNs !== after.ctimeNs || after.size !== BigInt(size)
  return { digest: whole.digest('hex'), size, changed }
}
