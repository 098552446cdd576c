import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CollectionPlan,
  captureFrames,
  framesOf,
  type PredictionRecord,
  predictionHour,
  readExchange,
  samplePoint,
} from '@hagane/contract'
import { expect, test } from 'vitest'
import { endpointOf, scoreDeployment, temporaryFolder } from '../testing/deployments.ts'
import { Captures } from './captures.ts'
import { Collector } from './collector.ts'
import { type Exchange, jsonFrame } from './exchange.ts'
import { ulid } from './ulid.ts'
import { Unreported } from './unreported.ts'

const planOf = (collections: Record<string, number>): CollectionPlan => ({
  collections,
  headers: ['x-team'],
  redact: {},
  copies: {},
})

function exchangeOf(collection: CollectionPlan | undefined, more: Partial<Exchange> = {}): Exchange {
  const deployment = { ...scoreDeployment('blue', ''), ...(collection === undefined ? {} : { collection }) }
  return {
    endpoint: endpointOf('iris', [deployment]),
    deployment,
    request: {
      name: '',
      route: 0,
      method: 'POST',
      contentType: 'application/json',
      head: undefined,
      body: Buffer.from('in'),
    },
    answer: { status: 200, rows: 1, headers: [['Content-Type', 'text/x']], body: Buffer.from('out') },
    requestId: 'req-1',
    headers: { 'x-team': 'é', cookie: 'secret' },
    shadows: [],
    ...more,
  }
}

const recordFor = (exchange: Exchange, time: number, mirror_of?: string): PredictionRecord => ({
  id: `pr-${exchange.deployment.revision_id}-${ulid(time)}`,
  time: new Date(time).toISOString(),
  workspace: 'default',
  endpoint: 'iris',
  deployment: 'blue',
  revision: exchange.deployment.revision_id,
  rows: 1,
  status: 200,
  latency_ms: 3,
  input_sha256: '0'.repeat(64),
  output_sha256: '0'.repeat(64),
  ...(mirror_of === undefined ? {} : { mirror_of }),
})

const written = (collector: Collector, record: PredictionRecord, time: number, exchange: Exchange) =>
  new Promise(resolve => collector.record(record, time, resolve, exchange))

const capturesOf = (folder: string, name: string) =>
  readdirSync(join(folder, 'captures', name)).map(file => {
    const frames = [...framesOf(readFileSync(join(folder, 'captures', name, file)))]
    const [header, ...rest] = frames
    return {
      file,
      header: JSON.parse(Buffer.from(header?.content ?? []).toString()),
      exchanges: rest.filter(({ type }) => type === captureFrames.exchange).map(({ content }) => readExchange(content)),
    }
  })

test('what is acknowledged as recorded can be read back whole: both bodies, wanted headers, what a script collected', async () => {
  const folder = temporaryFolder()
  const collector = new Collector(folder, new Unreported(folder), () => undefined)
  const collected = jsonFrame(0, { collection: 'model_inputs', correlation_id: 'c', rows: [{ a: 1 }] })
  const plain = exchangeOf(planOf({ request: 1, response: 1 }))
  const now = Date.now()
  const exchange = { ...plain, answer: { ...plain.answer, collected } }
  const record = recordFor(exchange, now)
  await written(collector, record, now, exchange)
  const revision = exchange.deployment.revision_id
  const [found] = capturesOf(folder, revision)
  expect(found?.file).toMatch(new RegExp(`^${predictionHour(now)}\\.[0-9A-Z]{26}\\.open$`))
  expect(found?.header).toMatchObject({ workspace: 'default', endpoint: 'iris', deployment: 'blue', revision })
  expect(found?.exchanges).toEqual([
    {
      record,
      notes: {
        content_type: 'application/json',
        answer_type: 'text/x',
        request_id: 'req-1',
        headers: { 'x-team': 'é' },
      },
      request: Buffer.from('in'),
      answer: Buffer.from('out'),
      collected: [{ collection: 'model_inputs', correlation_id: 'c', rows: [{ a: 1 }] }],
    },
  ])
  collector.close()
  expect(capturesOf(folder, revision)[0]?.file).toMatch(/\.capture$/)
})

test('nothing is kept without a plan, and of a mirrored request the answers alone, live and shadow by the same sample', async () => {
  const folder = temporaryFolder()
  const collector = new Collector(folder, new Unreported(folder), () => undefined)
  const now = Date.now()
  const plain = exchangeOf(undefined)
  await written(collector, recordFor(plain, now), now, plain)
  expect(readdirSync(join(folder, 'captures'))).toEqual([])
  const live = { ...plain, shadows: ['green'], endpoint: { ...plain.endpoint, comparison_share: 0.5 } }
  const ids: string[] = []
  for (let n = 0; n < 200; n += 1) {
    const record = recordFor(live, now)
    const shadow = { ...live, shadows: [] }
    ids.push(record.id)
    await written(collector, record, now, live)
    await written(collector, recordFor(shadow, now, record.id), now, shadow)
  }
  const [found] = capturesOf(folder, live.deployment.revision_id)
  const kept = ids.filter(id => samplePoint(id) < 0.5)
  expect(kept.length).toBeGreaterThan(50)
  expect(kept.length).toBeLessThan(150)
  const exchanges = found?.exchanges ?? []
  expect(exchanges.filter(one => one.record.mirror_of === undefined).map(one => one.record.id)).toEqual(kept)
  expect(exchanges.flatMap(one => one.record.mirror_of ?? [])).toEqual(kept)
  expect(exchanges.every(one => one.request === undefined && one.answer?.length === 3)).toBe(true)
  expect(exchanges[0]?.notes.mirrored).toEqual(['green'])
  collector.close()
})

test('files end at their hour and at their size, and what a killed gateway left open is finished by the next', () => {
  const folder = temporaryFolder()
  const captures = new Captures(folder)
  const time = Date.parse('2026-01-01T10:59:59.999Z')
  const header = () => ({ of: 'test' })
  captures.append('aa', time, [jsonFrame(1, 'x')], header)
  captures.append('aa', time + 1, [jsonFrame(1, 'y')], header)
  captures.append('aa', time, [jsonFrame(1, 'late')], header)
  const files = () => readdirSync(join(folder, 'captures', 'aa')).sort()
  expect(files().map(file => file.slice(0, 13))).toEqual(['2026-01-01T10', '2026-01-01T11'])
  captures.closeFinished(Date.parse('2026-01-01T11:01:00.000Z'))
  expect(files().map(file => file.split('.').at(-1))).toEqual(['capture', 'open'])
  captures.append('aa', time + 1, [Buffer.alloc(33 * 2 ** 20)], header)
  expect(files().map(file => file.split('.').at(-1))).toEqual(['capture', 'capture'])
  mkdirSync(join(folder, 'captures', 'bb'))
  appendFileSync(join(folder, 'captures', 'bb', 'left.open'), 'torn')
  new Captures(folder)
  expect(readdirSync(join(folder, 'captures', 'bb'))).toEqual(['left.capture'])
  expect([...framesOf(Buffer.from('torn'))]).toEqual([])
})
