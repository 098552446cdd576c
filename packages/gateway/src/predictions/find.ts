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

/** Finds the record of a prediction id, or of one of its rows, below a gateway's folder; undefined when there is none. */
export async function findPrediction(folder: string, text: string): Promise<PredictionRecord | undefined> {
  const parsed = parsePredictionId(text)
  if (parsed === undefined) return undefined
  const revision = join(folder, 'predictions', parsed.revisionId)
  for (const segment of segmentsOfHour(await filesIn(revision), predictionHour(parsed.time))) {
    const file = await open(join(revision, `${segment}.ndjson`))
    try {
      const found = await findInSegment(await readerOf(file), parsed.id, parsed.time)
      if (found !== undefined) return found
    } finally {
      await file.close()
    }
  }
  return undefined
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function readerOf(file: FileHandle): Promise<RandomReader> {
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
