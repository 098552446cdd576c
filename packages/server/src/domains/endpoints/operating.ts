import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { predictionHour, recordsSince, segmentsOfHour } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { noneIfMissing, readerOf } from './predictions.ts'
import { listRevisions } from './reads.ts'

/** Times are epoch milliseconds; `until` is not part of it. */
export interface Period {
  since: number
  until: number
}

/** How a deployment answered requests that arrived in a time, copies included. */
export interface Operating {
  requests: number
  /** Answers by status. */
  statuses: Record<number, number>
  /** Milliseconds from arrival to answer, ascending. */
  latencies: Float64Array
}

interface Place {
  workspace: string
  endpoint: string
  deployment: string
}

const HOUR = 3_600_000
/** Latencies beyond so many are sampled evenly, by leaving every second one out again and again. */
const MOST_LATENCIES = 1_000_000

/** Reads the records of predictions of a deployment's revisions; see the contract's predictions.ts. Cost follows the requests of the period. */
export async function operatingOf(
  { db, dir }: { db: Database; dir: string },
  { workspace, endpoint, deployment }: Place,
  period: Period,
): Promise<Operating> {
  const revisions = await listRevisions(db, workspace, endpoint, deployment)
  const statuses: Record<number, number> = {}
  const sample = new EvenSample(MOST_LATENCIES)
  let requests = 0
  for (const { revision_id } of revisions)
    for await (const { status, latency_ms, ...record } of recordsOf(join(dir, 'predictions', revision_id), period)) {
      if (record.deployment !== deployment || record.endpoint !== endpoint || record.workspace !== workspace) continue
      requests += 1
      statuses[status] = (statuses[status] ?? 0) + 1
      sample.add(latency_ms)
    }
  return { requests, statuses, latencies: Float64Array.from(sample.values).sort() }
}

async function* recordsOf(folder: string, { since, until }: Period) {
  const files = await readdir(folder).catch(noneIfMissing)
  if (files.length === 0) return
  for (let hour = Math.floor(since / HOUR) * HOUR; hour < until; hour += HOUR)
    for (const segment of segmentsOfHour(files, predictionHour(hour))) {
      const file = await open(join(folder, `${segment}.ndjson`))
      try {
        for await (const record of recordsSince(await readerOf(file), since))
          if (Date.parse(record.time) < until) yield record
      } finally {
        await file.close()
      }
    }
}

/** Every nth value, n growing with their number. */
class EvenSample {
  values: number[] = []
  readonly #most: number
  #every = 1
  #seen = 0

  constructor(most: number) {
    this.#most = most
  }

  add(value: number): void {
    if (this.#seen % this.#every === 0) this.values.push(value)
    this.#seen += 1
    if (this.values.length < this.#most) return
    this.values = this.values.filter((_, i) => i % 2 === 0)
    this.#every *= 2
  }
}
