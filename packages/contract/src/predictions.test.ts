import { expect, test } from 'vitest'
import {
  findInSegment,
  type PredictionRecord,
  parsePredictionId,
  predictionHour,
  segmentsOfHour,
} from './predictions.ts'

const digest = '0'.repeat(64)
const start = Date.parse('2026-05-01T08:00:00.000Z')
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const idAt = (time: number, n: number): string => {
  const digits = (value: number, length: number): string =>
    Array.from({ length }, (_, at) => alphabet[Math.floor(value / 32 ** (length - 1 - at)) % 32]).join('')
  return `pr-00000000000000aa-${digits(time, 10)}${digits(n, 16)}`
}
const recordAt = (n: number, latency: number): PredictionRecord => ({
  id: idAt(start + n, n),
  time: new Date(start + n).toISOString(),
  workspace: 'default',
  endpoint: 'iris',
  deployment: 'blue',
  revision: '00000000000000aa',
  rows: 1,
  status: 200,
  latency_ms: latency,
  input_sha256: digest,
  output_sha256: digest,
})
const readerOf = (bytes: Uint8Array) => {
  const reader = {
    size: bytes.length,
    reads: 0,
    read: async (at: number, length: number) => {
      reader.reads += 1
      return bytes.subarray(at, at + length)
    },
  }
  return reader
}
/** In the order of answering, as a gateway writes them. */
const segmentOf = (records: PredictionRecord[]): Uint8Array => {
  const answered = (record: PredictionRecord): number => Date.parse(record.time) + record.latency_ms
  const lines = [...records].sort((a, b) => answered(a) - answered(b)).map(record => `${JSON.stringify(record)}\n`)
  return new TextEncoder().encode(lines.join(''))
}

test('an id says its revision, its time and its row', () => {
  const id = idAt(start, 5)
  expect(parsePredictionId(id)).toEqual({ id, revisionId: '00000000000000aa', time: start })
  expect(parsePredictionId(`${id}-12`)).toEqual({ id, revisionId: '00000000000000aa', time: start, row: 12 })
  for (const bad of ['', 'pr-x', id.toLowerCase(), `${id}-`, `${id}-1-2`, `${id}\n`])
    expect(parsePredictionId(bad)).toBeUndefined()
})

test('segments of an hour are found in the order they were written', () => {
  const files = [
    '2026-05-01T08.10.ndjson',
    '2026-05-01T08.2.ndjson',
    '2026-05-01T08.ndjson',
    '2026-05-01T08.sealed.json',
    '2026-05-01T09.ndjson',
  ]
  expect(segmentsOfHour(files, predictionHour(start))).toEqual(['2026-05-01T08', '2026-05-01T08.2', '2026-05-01T08.10'])
})

test('every record of a large segment is found, slow answers too, without reading the whole file', async () => {
  const records = Array.from({ length: 20_000 }, (_, n) => recordAt(n, n % 97 === 0 ? 4000 : n % 5))
  const bytes = segmentOf(records)
  const blocks = Math.ceil(bytes.length / 65_536)
  for (let n = 0; n < records.length; n += 997) {
    const reader = readerOf(bytes)
    expect(await findInSegment(reader, records[n]?.id ?? '', start + n)).toEqual(records[n])
    if (n % 97 !== 0) expect(reader.reads).toBeLessThan(blocks / 2)
  }
})

test('an id that is not there, and an empty or torn segment, give nothing', async () => {
  const records = [recordAt(1, 1), recordAt(2, 1)]
  const bytes = segmentOf(records)
  expect(await findInSegment(readerOf(bytes), idAt(start + 1, 99), start + 1)).toBeUndefined()
  expect(await findInSegment(readerOf(new Uint8Array(0)), idAt(start, 1), start)).toBeUndefined()
  const torn = bytes.subarray(0, bytes.length - 10)
  expect(await findInSegment(readerOf(torn), records[0]?.id ?? '', start + 1)).toEqual(records[0])
  expect(await findInSegment(readerOf(torn), records[1]?.id ?? '', start + 2)).toBeUndefined()
})
