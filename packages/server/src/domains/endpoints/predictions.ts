import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  findInSegment,
  type PredictionRecord,
  parsePredictionId,
  predictionHour,
  type RandomReader,
  segmentsOfHour,
} from '@hagane/contract'

/** Finds the record of a prediction, or of one of its rows, in a gateway's folder; layout in the contract's predictions.ts. */
export async function findPredictionIn(gatewayDir: string, text: string): Promise<PredictionRecord | undefined> {
  const parsed = parsePredictionId(text)
  if (parsed === undefined) return undefined
  const folder = join(gatewayDir, 'predictions', parsed.revisionId)
  const files = await readdir(folder).catch(noneIfMissing)
  for (const segment of segmentsOfHour(files, predictionHour(parsed.time))) {
    const file = await open(join(folder, `${segment}.ndjson`))
    try {
      const record = await findInSegment(await readerOf(file), parsed.id, parsed.time)
      if (record !== undefined) return record
    } finally {
      await file.close()
    }
  }
  return undefined
}

/** No files, where their folder does not exist. */
export function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

/** Reads a file as it is now; what is appended later is not seen. */
export async function readerOf(file: FileHandle): Promise<RandomReader> {
  const { size } = await file.stat()
  return {
    size,
    async read(position, length) {
      const buffer = Buffer.allocUnsafe(Math.min(length, size - position))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      return buffer.subarray(0, bytesRead)
    },
  }
}
