import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs'

const largestLog = 10 * 2 ** 20
const tailBytes = 64 * 1024

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** Keeps one older part: the workers append, so the file can be emptied under them. */
export function trimLog(file: string): void {
  try {
    if (statSync(file).size <= largestLog) return
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** The last lines of a log; an empty list when there is none. */
export function logTail(file: string, lines: number): string[] {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  try {
    const { size } = fstatSync(descriptor)
    const length = Math.min(size, Math.max(tailBytes, lines * 400))
    const buffer = Buffer.alloc(length)
    readSync(descriptor, buffer, 0, length, size - length)
    const all = buffer.toString('utf8').split('\n')
    if (all.at(-1) === '') all.pop()
    if (length < size) all.shift()
    return all.slice(-lines)
  } finally {
    closeSync(descriptor)
  }
}
