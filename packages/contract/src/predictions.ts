import { z } from 'zod'
import { digestSchema, nameSchema, timeSchema } from './core/names.ts'
import { revisionIdSchema } from './gateway.ts'

/**
 * Where a gateway keeps what it answered, below its data folder:
 *
 *     predictions/<revision_id>/<hour>.ndjson          one record a line, in the order of answering; <hour> = 2026-11-23T22 (UTC)
 *     predictions/<revision_id>/<hour>.2.ndjson        a further segment, when the first one was sealed before the hour was over
 *     predictions/<revision_id>/<segment>.sealed.json  { revision_id, segment, digest, count }: the segment will not change again
 *
 * `<hour>` is the hour in which the request arrived, which is also the time inside its id. A record is written before the
 * answer is sent. Records hold digests of what came in and went out, not the content.
 */
export const predictionRecord = z.object({
  id: z.string(),
  time: timeSchema.describe('when the request arrived'),
  workspace: nameSchema,
  endpoint: nameSchema,
  deployment: nameSchema,
  revision: revisionIdSchema,
  rows: z.number().int(),
  status: z.number().int().describe('HTTP status of the answer'),
  latency_ms: z.number().describe('arrival to answer, queue included'),
  input_sha256: digestSchema,
  output_sha256: digestSchema,
  mirror_of: z.string().optional().describe('the prediction whose request was copied here'),
})
export type PredictionRecord = z.output<typeof predictionRecord>

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const idPattern = /^pr-([0-9a-f]{16})-([0-9A-HJKMNP-TV-Z]{26})(?:-(\d{1,9}))?$/

/** The parts of `pr-<revision_id>-<ulid>` and of a row's id `pr-<revision_id>-<ulid>-<row>`; `time` is epoch milliseconds. */
export function parsePredictionId(
  text: string,
): { id: string; revisionId: string; time: number; row?: number } | undefined {
  const match = idPattern.exec(text)
  if (match === null) return undefined
  const [, revisionId, ulid, row] = match as unknown as [string, string, string, string | undefined]
  const time = [...ulid.slice(0, 10)].reduce((sum, digit) => sum * 32 + crockford.indexOf(digit), 0)
  if (time > 8.64e15) return undefined
  return { id: `pr-${revisionId}-${ulid}`, revisionId, time, ...(row === undefined ? {} : { row: Number(row) }) }
}

/** The hour a segment is named after: `2026-11-23T22`, in UTC. */
export const predictionHour = (time: number): string => new Date(time).toISOString().slice(0, 13)

/** Names of the segments of an hour among the files of a revision's folder, oldest first, without extension. */
export function segmentsOfHour(files: readonly string[], hour: string): string[] {
  const order = (segment: string): number => Number(segment.slice(hour.length + 1) || 1)
  return files
    .filter(file => file.startsWith(hour) && /^(?:\.\d+)?\.ndjson$/.test(file.slice(hour.length)))
    .map(file => file.slice(0, -'.ndjson'.length))
    .sort((a, b) => order(a) - order(b))
}

/** A file that can be read at a position; returns fewer bytes than asked for only at the end. */
export interface RandomReader {
  readonly size: number
  read(position: number, length: number): Promise<Uint8Array>
}

const newline = 10
const block = 64 * 1024
const answeredAt = (record: PredictionRecord): number => Date.parse(record.time) + record.latency_ms
/** Records are appended as answers leave, to a clock of milliseconds; neighbours may differ by that much. */
const clockSlackMs = 50

/** Whole lines from the first that starts at or after `position`, read block by block. */
async function* linesFrom(file: RandomReader, position: number): AsyncGenerator<{ start: number; text: string }> {
  const decoder = new TextDecoder()
  let rest = new Uint8Array(0)
  let start = Math.max(0, position - 1)
  let skipping = position > 0
  for (let at = start; at < file.size; ) {
    const bytes = await file.read(at, block)
    at += bytes.length
    const joined = new Uint8Array(rest.length + bytes.length)
    joined.set(rest)
    joined.set(bytes, rest.length)
    let from = 0
    for (let end = joined.indexOf(newline); end >= 0; end = joined.indexOf(newline, from)) {
      if (!skipping) yield { start: start + from, text: decoder.decode(joined.subarray(from, end)) }
      skipping = false
      from = end + 1
    }
    rest = joined.slice(from)
    start += from
    if (bytes.length === 0) return
  }
}

/** A position before which no record was answered at or after a time. */
async function positionBefore(file: RandomReader, time: number): Promise<number> {
  let low = 0
  let high = file.size
  while (high - low > block) {
    const middle = Math.floor((low + high) / 2)
    const { value: line } = await linesFrom(file, middle).next()
    if (line === undefined || answeredAt(JSON.parse(line.text)) >= time - clockSlackMs) high = middle
    else low = line.start
  }
  return low
}

/** The records of one segment whose requests arrived at or after a time, without reading what lies before. */
export async function* recordsSince(file: RandomReader, since: number): AsyncGenerator<PredictionRecord> {
  for await (const { text } of linesFrom(file, await positionBefore(file, since))) {
    const record = JSON.parse(text) as PredictionRecord
    if (Date.parse(record.time) >= since) yield record
  }
}

/** A record as it stands in a segment: its line without the end, and where that begins. */
export interface LocatedRecord {
  readonly record: PredictionRecord
  readonly line: string
  readonly start: number
}

/**
 * Finds a record in one segment without reading all of it: records lie in the order of answering, so a binary search
 * finds the time of arrival, and a scan from there meets the record within the longest time a request may take.
 */
export async function locateInSegment(
  file: RandomReader,
  id: string,
  arrivedAt: number,
  longestRequestMs = 3_660_000,
): Promise<LocatedRecord | undefined> {
  const low = await positionBefore(file, arrivedAt)
  for await (const { text, start } of linesFrom(file, low)) {
    const record = JSON.parse(text) as PredictionRecord
    if (record.id === id) return { record: predictionRecord.parse(record), line: text, start }
    if (answeredAt(record) > arrivedAt + longestRequestMs) return undefined
  }
  return undefined
}

/** As `locateInSegment`, for who needs the record alone. */
export const findInSegment = async (
  ...where: Parameters<typeof locateInSegment>
): Promise<PredictionRecord | undefined> => (await locateInSegment(...where))?.record
