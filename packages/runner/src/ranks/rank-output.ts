import { openSync, writeSync } from 'node:fs'

const NEWLINE = 10
/** A line without an end is written in parts of this size. */
const LONGEST_LINE = 64 * 1024

/**
 * What one rank prints: as it is into a log of its own, and line by line, each with the rank before it, into the step's log.
 * Writing waits for the disk, so a rank that prints faster than that waits too and memory stays flat.
 */
export function rankOutput(label: string, ownLog: string): { write(chunk: Buffer): void; end(): void } {
  const prefix = Buffer.from(`[${label}] `)
  const own = openSync(ownLog, 'a', 0o600)
  let rest: Buffer = Buffer.alloc(0)
  const emit = (bytes: Buffer): void => {
    const parts: Buffer[] = []
    let at = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
      parts.push(prefix, bytes.subarray(at, end + 1))
      at = end + 1
    }
    rest = bytes.subarray(at)
    if (parts.length > 0) writeWhole(1, Buffer.concat(parts))
  }
  return {
    write(chunk) {
      writeWhole(own, chunk)
      emit(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]))
      if (rest.length > LONGEST_LINE) emit(Buffer.concat([rest, Buffer.from('\n')]))
    },
    end() {
      if (rest.length > 0) emit(Buffer.concat([rest, Buffer.from('\n')]))
    },
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}
