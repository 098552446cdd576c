import { existsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { layout } from './layout.ts'
import { rankLog, readFailedRank } from './ranks/rank-files.ts'

const BLOCK = 64 * 1024
const LONGEST_TAIL = 1024 * 1024

export interface LogPart {
  bytes: Buffer
  /** where to read on */
  nextOffset: number
  /** of the whole log at the time of reading, bytes */
  size: number
}

async function withLog<T>(
  folder: string,
  otherwise: T,
  use: (file: FileHandle, size: number) => Promise<T>,
  path = layout(folder).log,
): Promise<T> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return otherwise
  try {
    return await use(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(buffer, 0, length, offset)
  return buffer.subarray(0, bytesRead)
}

/** At most `limit` bytes of a step's log from a byte offset; empty at the end, and when there is no log yet. */
export function readLog(folder: string, offset: number, limit: number): Promise<LogPart> {
  const from = Math.max(0, offset)
  return withLog(folder, { bytes: Buffer.alloc(0), nextOffset: from, size: 0 }, async (file, size) => {
    const bytes = await readAt(file, from, Math.min(limit, Math.max(0, size - from)))
    return { bytes, nextOffset: from + bytes.length, size }
  })
}

/**
 * The last lines of a step's log, for error messages. Reads from the end, at most 1 MiB. A line that a progress bar wrote
 * over and over (carriage returns) counts once, as it was left. Of a distributed step it is the log of the rank that failed.
 */
export function tail(folder: string, lines: number): Promise<string[]> {
  return withLog(
    folder,
    [],
    async (file, size) => {
      let bytes = Buffer.alloc(0)
      let start = size
      while (start > 0 && countOf(bytes, 10) <= lines && bytes.length < LONGEST_TAIL) {
        const length = Math.min(BLOCK, start)
        start -= length
        bytes = Buffer.concat([await readAt(file, start, length), bytes])
      }
      const whole = start === 0 ? bytes : bytes.subarray(bytes.indexOf(10) + 1)
      const all = whole.toString('utf8').replace(/\n$/, '').split('\n')
      return size === 0 ? [] : all.slice(-lines).map(asLeft)
    },
    failedLog(folder),
  )
}

function failedLog(folder: string): string | undefined {
  const failed = readFailedRank(folder)
  const path = failed === undefined ? undefined : rankLog(folder, failed.rank)
  return path !== undefined && existsSync(path) ? path : undefined
}

const countOf = (bytes: Buffer, byte: number): number =>
  bytes.reduce((count, each) => count + (each === byte ? 1 : 0), 0)

const asLeft = (line: string): string =>
  line
    .split('\r')
    .filter(part => part !== '')
    .at(-1) ?? ''
