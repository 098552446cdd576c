import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PredictionRecord, predictionHour } from '@hagane/contract'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/deployments.ts'
import { Collector } from './collector.ts'
import { findPrediction } from './find.ts'
import { ulid } from './ulid.ts'
import { Unreported } from './unreported.ts'

const revision = '00000000000000aa'
const digest = '0'.repeat(64)
const recordAt = (time: number): PredictionRecord => ({
  id: `pr-${revision}-${ulid(time)}`,
  time: new Date(time).toISOString(),
  workspace: 'default',
  endpoint: 'iris',
  deployment: 'blue',
  revision,
  rows: 1,
  status: 200,
  latency_ms: 3,
  input_sha256: digest,
  output_sha256: digest,
})
const collectorIn = (folder: string) => {
  const unreported = new Unreported(folder)
  return { unreported, collector: new Collector(folder, unreported, () => undefined) }
}
const written = (collector: Collector, record: PredictionRecord, time: number): Promise<Error | undefined> =>
  new Promise(resolve => collector.record(record, time, resolve))

test('whoever is told that a record is written can read it at once', async () => {
  const folder = temporaryFolder()
  const { collector } = collectorIn(folder)
  const now = Date.now()
  const records = Array.from({ length: 500 }, (_, n) => recordAt(now + n))
  await Promise.all(
    records.map(async record => {
      expect(await written(collector, record, Date.parse(record.time))).toBeUndefined()
      expect(await findPrediction(folder, record.id)).toEqual(record)
    }),
  )
  expect(await findPrediction(folder, `${records[7]?.id}-2`)).toEqual(records[7])
  expect(await findPrediction(folder, `pr-${revision}-${ulid(now)}`)).toBeUndefined()
  expect(await findPrediction(folder, 'nonsense')).toBeUndefined()
  collector.close()
})

test('a finished hour is sealed with the digest of its file, and a late answer opens a further segment', async () => {
  const folder = temporaryFolder()
  const { collector, unreported } = collectorIn(folder)
  const time = Date.parse('2026-01-01T10:59:59.999Z')
  await written(collector, recordAt(time), time)
  collector.sealFinishedHours(Date.parse('2026-01-01T11:00:30.000Z'))
  expect(unreported.items).toEqual([])
  collector.sealFinishedHours(Date.parse('2026-01-01T11:01:00.000Z'))
  const late = recordAt(time)
  await written(collector, late, time)
  collector.close()
  const path = join(folder, 'predictions', revision)
  expect(readdirSync(path).sort()).toEqual([
    '2026-01-01T10.2.ndjson',
    '2026-01-01T10.2.sealed.json',
    '2026-01-01T10.ndjson',
    '2026-01-01T10.sealed.json',
  ])
  const content = readFileSync(join(path, '2026-01-01T10.ndjson'))
  const sealed = {
    revision_id: revision,
    segment: '2026-01-01T10',
    digest: createHash('sha256').update(content).digest('hex'),
    count: 1,
  }
  expect(JSON.parse(readFileSync(join(path, '2026-01-01T10.sealed.json'), 'utf8'))).toEqual(sealed)
  expect(unreported.items[0]).toEqual(sealed)
  expect(await findPrediction(folder, late.id)).toEqual(late)
})

test('what a killed gateway left open is sealed by the next one and never appended to', async () => {
  const folder = temporaryFolder()
  const now = Date.now()
  const path = join(folder, 'predictions', revision)
  const left = recordAt(now)
  mkdirSync(path, { recursive: true })
  appendFileSync(join(path, `${predictionHour(now)}.ndjson`), `${JSON.stringify(left)}\n{"id":"torn`)
  const { collector, unreported } = collectorIn(folder)
  const next = recordAt(now)
  await written(collector, next, now)
  await collector.sealLeftovers()
  expect(unreported.items.map(item => [item.segment, item.count])).toEqual([[predictionHour(now), 1]])
  expect(await findPrediction(folder, left.id)).toEqual(left)
  expect(await findPrediction(folder, next.id)).toEqual(next)
  collector.close()
})

test('a seal is told again after a restart until it is acknowledged', async () => {
  const folder = temporaryFolder()
  const { collector } = collectorIn(folder)
  const now = Date.now()
  await written(collector, recordAt(now), now)
  collector.close()
  const again = new Unreported(folder)
  expect(again.items).toHaveLength(1)
  again.acknowledge([...again.items])
  expect(new Unreported(folder).items).toEqual([])
})

test('a record that cannot be written is reported as such', async () => {
  const folder = temporaryFolder()
  const { collector } = collectorIn(folder)
  appendFileSync(join(folder, 'predictions', revision), 'a file where the folder should be')
  const now = Date.now()
  expect((await written(collector, recordAt(now), now))?.message).toMatch(/EEXIST|ENOTDIR/)
  collector.close()
})
