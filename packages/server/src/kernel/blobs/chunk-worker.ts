import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { chunkThread } from '@hagane/contract'

const answers = chunkThread({
  open(path) {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return {
      read: into => readSync(descriptor, into),
      stamp() {
        const { size, mtimeNs, ctimeNs } = fstatSync(descriptor, { bigint: true })
        return `${size}:${mtimeNs}:${ctimeNs}`
      },
      close: () => closeSync(descriptor),
    }
  },
  sha256: bytes => hash('sha256', bytes),
  startSha256: () => createHash('sha256'),
  answer: (answer, handedOver) => parentPort?.postMessage(answer, handedOver),
})

parentPort?.on('message', answers)
