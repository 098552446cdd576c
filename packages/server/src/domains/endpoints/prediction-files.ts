import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Database } from '../../kernel/db/index.ts'
import { locatePredictionIn } from './predictions.ts'
import { sealedOf } from './reads.ts'

/** A file of predictions of a revision; one that is still written has no digest. */
export interface PredictionFile {
  readonly segment: string
  readonly count: number
  readonly digest?: string
}

/** What others ask of the records of predictions. */
export const predictionReads = (db: Database, gatewayDir: string) => ({
  locatePrediction: (workspace: string, id: string) => locatePredictionIn(gatewayDir, id, workspace),
  predictionFiles: (revisionId: string) => predictionFiles(db, gatewayDir, revisionId),
  predictionLines: (revisionId: string) => predictionLines(gatewayDir, revisionId),
})

/** Every file of predictions that a revision has made, also those that were deleted since; what is still written is counted now. */
async function predictionFiles(db: Database, gatewayDir: string, revisionId: string): Promise<PredictionFile[]> {
  const sealed = await sealedOf(db, revisionId)
  const known = new Set(sealed.map(({ segment }) => segment))
  const files: PredictionFile[] = sealed.map(({ segment, records, digest }) => ({
    segment,
    count: Number(records),
    digest,
  }))
  for (const segment of await segmentsIn(gatewayDir, revisionId)) {
    if (known.has(segment)) continue
    let count = 0
    for await (const _ of linesOf(gatewayDir, revisionId, segment)) count += 1
    files.push({ segment, count })
  }
  return files
}

/** The records of a revision as lines, as long as they are kept, file by file. */
async function* predictionLines(gatewayDir: string, revisionId: string): AsyncGenerator<string> {
  for (const segment of await segmentsIn(gatewayDir, revisionId)) yield* linesOf(gatewayDir, revisionId, segment)
}

async function segmentsIn(gatewayDir: string, revisionId: string): Promise<string[]> {
  const files = await readdir(join(gatewayDir, 'predictions', revisionId)).catch(() => [])
  return files
    .filter(file => file.endsWith('.ndjson'))
    .map(file => file.slice(0, -'.ndjson'.length))
    .sort()
}

const linesOf = (gatewayDir: string, revisionId: string, segment: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(join(gatewayDir, 'predictions', revisionId, `${segment}.ndjson`)) })
