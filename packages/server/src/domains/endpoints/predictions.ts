import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type LocatedRecord,
  locateInSegment,
  type PredictionRecord,
  parsePredictionId,
  predictionHour,
  type RandomReader,
  segmentsOfHour,
} from '@hagane/contract'

/** Where a record of a prediction stands. */
export interface PlacedRecord extends LocatedRecord {
  readonly revisionId: string
  readonly segment: string
  /** The segment's file. */
  readonly path: string
}

/** Finds the record of a prediction, or of one of its rows, in a gateway's folder; layout in the contract's predictions.ts. */
export const findPredictionIn = async (gatewayDir: string, text: string): Promise<PredictionRecord | undefined> =>
  (await locatePredictionIn(gatewayDir, text))?.record

/** As `findPredictionIn`, with the place, and of one workspace alone if that is given. */
export async function locatePredictionIn(
  gatewayDir: string,
  text: string,
  workspace?: string,
): Promise<PlacedRecord | undefined> {
  const parsed = parsePredictionId(text)
  if (parsed === undefined) return undefined
  const folder = join(gatewayDir, 'predictions', parsed.revisionId)
  const files = await readdir(folder).catch(noneIfMissing)
  for (const segment of segmentsOfHour(files, predictionHour(parsed.time))) {
    const path = join(folder, `${segment}.ndjson`)
    const file = await open(path)
    try {
      const found = await locateInSegment(await readerOf(file), parsed.id, parsed.time)
      if (found === undefined) continue
      const isOther = workspace !== undefined && found.record.workspace !== workspace
      return isOther ? undefined : { ...found, revisionId: parsed.revisionId, segment, path }
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
