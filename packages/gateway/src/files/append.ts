import { ftruncateSync, writeSync } from 'node:fs'

/**
 * Appends to a file that has `size` bytes and returns its new size. Where the disk is full midway the file is cut back to
 * what it was before it throws: what is appended later must not follow half a line.
 */
export function appendWhole(descriptor: number, size: number, bytes: Uint8Array): number {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
  } catch (error) {
    ftruncateSync(descriptor, size)
    throw error
  }
  return size + bytes.length
}
