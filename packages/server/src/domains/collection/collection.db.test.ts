import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { HaganeError } from '@hagane/contract'
import {
  collectsNothing,
  eachDialect,
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  jsonFrame,
  liveRevision,
  predictionIdOf,
} from '@hagane/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { type ConvertDeps, convertCaptures } from './convert.ts'
import { buildCollection, type Collection } from './index.ts'
import { sweepOld } from './retention.ts'
import { insertFiles } from './store.ts'
import type { CollectionTables } from './tables.ts'

const hour = '2026-11-26T10'
const never = new AbortController().signal

eachDialect('what endpoints collect', database => {
  let dir: string
  let collection: Collection
  let deps: ConvertDeps
  let before = 0
  const copies: string[] = []
  let lake: Error | undefined

  beforeEach(async () => {
    before = (await eventsAfter(database.db(), 0, 10_000, {})).length
    dir = mkdtempSync(join(tmpdir(), 'hagane-collection-'))
    copies.length = 0
    lake = undefined
    const parts = {
      db: database.db(),
      log: buildLog('silent'),
      dataDir: dir,
      redactionKey: 'k',
      datastore: { name: 'workspaceblobstore', folder: async () => join(dir, 'store') },
      writeTo: async (workspace: string, datastore: string, folder: string, _: string, name: string) => {
        if (lake !== undefined) throw lake
        copies.push(`${workspace} ${datastore} ${folder}/${name}`)
      },
      table: async (_: string, path: string) => ({ name: 'labels.csv', path, root: dir }),
      revisionsOf: async () => [liveRevision],
      revision: async () => ({ workspace: 'default', endpoint: 'e', deployment: 'blue' }),
      keepSeconds: { collected: 90 * 86_400, predictions: undefined },
    }
    collection = buildCollection(parts)
    deps = {
      ...parts,
      background: false,
      gatewayDir: join(dir, 'gateway'),
      workDir: join(dir, 'collecting'),
      datastoreFolder: parts.datastore.folder,
    }
  })
  afterEach(async () => {
    rmSync(dir, { recursive: true, force: true })
    const tables = database.db().writes.withTables<CollectionTables>()
    await tables.deleteFrom('collected_files').execute()
    await tables.deleteFrom('converted_captures').execute()
  })

  const capture = (folder: string, ulid: string, frames: Buffer[], ending = 'capture'): string => {
    const path = join(dir, 'gateway/captures', folder, `${hour}.${ulid.padEnd(26, '0')}.${ending}`)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, Buffer.concat(frames))
    return path
  }
  const plan = { ...collectsNothing, collections: { model_inputs: 1 } }
  const oneOf = (n: number) => [
    headerFrame('blue', liveRevision, { ...plan, copies: { model_inputs: 'azureml://datastores/lake/paths/in/' } }),
    exchangeFrame(liveRevision, { n, request: [{ x: n }], answer: [n * 2] }),
  ]
  const place = { workspace: 'default', endpoint: 'e' }
  const ask = async (sql: string) =>
    (await collection.questions.predictions(place, { since: '2026-11-26T00:00:00Z', sql, limit: 100 }, never)).rows
  const events = async (type: string) =>
    (await eventsAfter(database.db(), 0, 10_000, {}))
      .slice(before)
      .filter(event => event.type === `dev.hagane.endpoint.${type}`)
      .map(event => JSON.parse(event.data))

  it('becomes Parquet by hour, sealed by an event, once, whenever the server dies in between', async () => {
    const path = capture(liveRevision, 'A', oneOf(1))
    const bytes = readFileSync(path)
    capture(liveRevision, 'B', oneOf(2), 'open')
    expect(await ask('select input_x, output from predictions order by 1')).toEqual([
      [1, '2'],
      [2, '4'],
    ])
    await convertCaptures(deps, never)
    // as if the server had died after its transaction and before the capture was removed
    writeFileSync(path, bytes)
    expect(await ask('select count(*) from predictions')).toEqual([[2]])
    await convertCaptures(deps, never)
    expect(existsSync(path)).toBe(false)
    const files = await collection.files('default', 'e', {})
    const name = `${liveRevision}-A${'0'.repeat(25)}.parquet`
    const root = 'azureml://datastores/workspaceblobstore/paths/modelDataCollector/e/blue'
    expect(files.map(file => file.path)).toEqual([
      `${root}/model_inputs/2026/11/26/10/${name}`,
      `${root}/predictions/2026/11/26/10/${name}`,
    ])
    expect(copies).toEqual([`default lake in/2026/11/26/10/${name}`])
    const [sealed, ...others] = await events('data-collected')
    expect(others).toEqual([])
    for (const file of sealed.files) {
      const content = readFileSync(join(dir, 'store', file.path))
      expect(createHash('sha256').update(content).digest('hex')).toBe(file.digest)
      const listed = files.find(one => one.collection === file.collection)
      expect(listed).toMatchObject({ rows: 1, digest: file.digest })
    }
    expect(await ask('select input_x, output from predictions order by 1')).toEqual([
      [1, '2'],
      [2, '4'],
    ])
    expect(readdirSync(join(dir, 'collecting'))).toEqual([])
  })

  it('that is damaged is set aside and holds up nothing else; an empty capture is done', async () => {
    capture(liveRevision, 'A', [headerFrame('blue', liveRevision, plan), jsonFrame(1, 'no exchange')])
    capture(liveRevision, 'B', [])
    capture(liveRevision, 'C', oneOf(3))
    await convertCaptures(deps, never)
    expect(await ask('select input_x from predictions')).toEqual([[3]])
    expect(readdirSync(join(dir, 'gateway/captures', liveRevision))).toEqual([expect.stringMatching(/damaged$/)])
  })

  it('waits while the datastore of its copy cannot be written to, and holds up nothing else', async () => {
    const path = capture(liveRevision, 'A', oneOf(1))
    capture(liveRevision, 'B', [headerFrame('blue', liveRevision, plan), exchangeFrame(liveRevision, { n: 2 })])
    lake = new HaganeError('invalid', 'there is no datastore lake')
    await expect(convertCaptures(deps, never)).rejects.toThrow('1 captures')
    expect(existsSync(path)).toBe(true)
    expect((await collection.files('default', 'e', {})).map(({ collection }) => collection)).toEqual(['predictions'])
    lake = undefined
    await convertCaptures(deps, never)
    expect([existsSync(path), copies.length]).toEqual([false, 1])
  })

  it('is joined with what is said later: the last word wins, the same again changes nothing', async () => {
    capture(liveRevision, 'A', oneOf(1))
    capture('feedback-default', 'A', [
      jsonFrame(0, {}),
      feedbackFrame('2026-11-25T11:00:00.000Z', [{ key: predictionIdOf(1), labels: { label: 5 } }]),
      feedbackFrame('2026-11-25T11:00:00.000Z', [{ key: predictionIdOf(1), labels: { label: 5 } }], 'other'),
    ])
    await convertCaptures(deps, never)
    expect(await ask('select label from predictions')).toEqual([[5]])
    const who = { workspace: 'default', actor: 'me' }
    const file = join(dir, 'labels.csv')
    writeFileSync(file, `id,label\n${predictionIdOf(1)}-0,6\n`)
    const say = () => collection.feedback(who, 'e', { data: file, key: 'id' })
    expect(await say()).toMatchObject({ rows: 1, known: false })
    expect(await say()).toMatchObject({ rows: 1, known: true })
    expect(await ask('select label, (select count(*) from feedback) from predictions')).toEqual([[6, 2]])
    expect((await events('feedback-received')).map(({ endpoint }) => endpoint)).toEqual(['e', 'other', 'e'])
    writeFileSync(file, 'id,label\n,6\n')
    await expect(say()).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining('row 1') })
  })

  it('is deleted when it is too old, with an event that says what is gone', async () => {
    capture(liveRevision, 'A', oneOf(1))
    await convertCaptures(deps, never)
    const records = join(dir, 'gateway/predictions', liveRevision)
    mkdirSync(records, { recursive: true })
    for (const name of [`${hour}.ndjson`, `${hour}.sealed.json`, '2999-01-01T00.ndjson', '2999-01-01T00.sealed.json'])
      writeFileSync(join(records, name), '')
    const [file] = await collection.files('default', 'e', {})
    const now = database.db().clock.now().getTime()
    const old = (now - Date.parse(`${hour}:00:00Z`)) / 1000
    const sweep = (seconds: number) =>
      sweepOld(
        {
          ...deps,
          revision: async () => ({ workspace: 'default', endpoint: 'e', deployment: 'blue' }),
          collectedSeconds: seconds,
          predictionSeconds: seconds,
        },
        never,
      )
    await sweep(old + 7200)
    expect(await collection.files('default', 'e', {})).toHaveLength(2)
    await sweep(old - 7200)
    expect(await collection.files('default', 'e', {})).toEqual([])
    const [expired, ...others] = await events('data-expired')
    expect(others).toEqual([])
    expect(expired.files).toHaveLength(2)
    expect(expired.files).toContainEqual(expect.objectContaining({ rows: 1, digest: file?.digest }))
    expect(existsSync(join(dir, 'store', expired.files[0].path))).toBe(false)
    expect(readdirSync(records).sort()).toEqual(['2999-01-01T00.ndjson', '2999-01-01T00.sealed.json'])
    expect(await events('predictions-expired')).toMatchObject([{ revision_id: liveRevision, segments: [hour] }])
  })

  it('is deleted however much of it there is', async () => {
    const of = { endpoint: 'e', deployment: 'blue', revision: liveRevision, collection: 'predictions', hour }
    const rows = Array.from({ length: 501 }, (_, n) => ({
      ...of,
      path: `${n}.parquet`,
      source: `${n}`,
      records: 1,
      size: 1,
      digest: '',
    }))
    await database.db().withTransaction({ workspace: 'default', actor: 'server' }, tx => insertFiles(tx, rows))
    const revision = async () => undefined
    const collectedSeconds = (database.db().clock.now().getTime() - Date.parse(`${hour}:00:00Z`)) / 1000 - 7200
    await sweepOld({ ...deps, revision, collectedSeconds, predictionSeconds: undefined }, never)
    expect(await collection.files('default', 'e', {})).toEqual([])
  })

  it('is given out as a file', async () => {
    capture(liveRevision, 'A', oneOf(1))
    const sql = 'select output from predictions'
    const stream = await collection.questions.file(place, { since: '2026-11-26T00:00:00Z', sql, format: 'csv' }, never)
    expect(await text(stream)).toBe('output\n2\n')
  })
})
