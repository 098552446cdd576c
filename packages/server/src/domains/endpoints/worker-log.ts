import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** Long lines are cut short by this at worst; a traceback fits many times over. */
const bytesPerLine = 400
const leastBytes = 64 * 1024

/** The last lines of what the workers of a revision wrote, as the gateway keeps it; empty before they wrote anything. */
export async function workerLog(gatewayDir: string, revisionId: string, lines: number): Promise<string> {
  const path = join(gatewayDir, 'logs', `${revisionId}.log`)
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return ''
  try {
    const { size } = await file.stat()
    const length = Math.min(size, Math.max(leastBytes, lines * bytesPerLine))
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
    const all = buffer.toString('utf8').split('\n')
    if (all.at(-1) === '') all.pop()
    if (length < size) all.shift()
    return all
      .slice(-lines)
      .map(line => `${line}\n`)
      .join('')
  } finally {
    await file.close()
  }
}
