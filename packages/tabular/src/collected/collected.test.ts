import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  exchangeFrame as exchangeOf,
  feedbackFrame as feedback,
  headerFrame as headerOf,
  predictionIdOf as idOf,
  jsonFrame as json,
  collectsNothing as none,
  liveRevision as revision,
} from '@hagane/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { runHere } from '../run-here.ts'
import { place, sources } from '../testing/placed-captures.ts'
import type { CollectedSources } from './sources.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'hagane-collected-'))
const ask = (of: CollectedSources, sql?: string, filter = {}) =>
  runHere({ kind: 'predictions', sources: of, filter, limit: 100, ...(sql === undefined ? {} : { sql }) })

describe('what a deployment collects', () => {
  const root = folder()
  const plan = {
    ...none,
    collections: { model_inputs: 1, model_outputs: 1, request: 1, response: 1 },
    redact: { email: 'drop' as const },
  }
  let found: CollectedSources
  beforeAll(async () => {
    const early = exchangeOf(revision, {
      n: 1,
      rows: 2,
      request: {
        dataframe_records: [
          { age: 1, email: 'a@b', time: 'noon' },
          { age: 2, email: 'c@d', time: null },
        ],
      },
      answer: { predictions: [0.5, 0.25] },
    })
    const late = exchangeOf(revision, {
      n: 2,
      request: { dataframe_records: [{ age: 3.5, extra: { deep: 1 } }] },
      answer: { predictions: ['no'] },
    })
    const failed = exchangeOf(revision, { n: 3, request: [{ age: 4 }], answer: { error: 'x' }, status: 500, rows: 0 })
    const said = [
      feedback('2026-11-26T11:00:00.000Z', [
        { key: `${idOf(1)}-0`, labels: { label: 1 } },
        { key: idOf(1), labels: { label: 9 } },
      ]),
      feedback('2026-11-26T12:00:00.000Z', [
        { key: `${idOf(1)}-0`, labels: { label: 0 } },
        { key: 'req-2', labels: { label: 7, by: 'é' } },
      ]),
      feedback('2026-11-26T12:00:00.000Z', [{ key: idOf(2), labels: { label: 100 } }], 'other'),
    ]
    found = sources(
      root,
      await place(root, 'one', [headerOf('blue', revision, plan), early], true),
      await place(root, 'two', [headerOf('blue', revision, plan), late, failed], false),
      await place(root, 'said', [json(0, {}), ...said], true),
    )
  })

  it('has a row for each row of each prediction, with inputs and what was said last', async () => {
    const rows = await ask(
      found,
      'select row_id, status, output, input_age, input_time, input_extra, label, label_by from predictions order by row_id',
    )
    expect(rows.rows).toEqual([
      [`${idOf(1)}-0`, 200, '0.5', 1, 'noon', null, 0, null],
      [`${idOf(1)}-1`, 200, '0.25', 2, null, null, null, null],
      [`${idOf(2)}-0`, 200, '"no"', 3.5, null, '{"deep":1}', 7, 'é'],
      [`${idOf(3)}-0`, 500, null, 4, null, null, null, null],
    ])
    expect((await ask(found, 'select count(*) as n from feedback')).rows).toEqual([[4]])
  })

  it('is filtered by time, deployment and id, and says when there is more', async () => {
    const first = await ask(found, undefined, { until: '2026-11-26T10:00:02.000Z' })
    expect(first.rows).toHaveLength(2)
    expect((await ask(found, undefined, { deployments: ['green'] })).rows).toEqual([])
    expect((await ask(found, undefined, { prediction: idOf(1) })).rows).toHaveLength(2)
    const cut = await runHere({ kind: 'predictions', sources: found, filter: {}, limit: 2 })
    expect([cut.rows.length, cut.truncated]).toEqual([2, true])
  })

  it('is the same without the columns of inputs, whatever the filter', async () => {
    const filters = [
      {},
      { until: '2026-11-26T10:00:02.000Z' },
      { since: '2026-11-26T10:00:02.000Z' },
      { deployments: ['green'] },
      { prediction: `${idOf(2)}-0` },
    ]
    for (const filter of filters) {
      const sql = "select columns(c -> c not like 'input_%') from predictions order by row_id"
      const lean = await runHere({ kind: 'predictions', sources: found, filter, withoutInputs: true, sql, limit: 100 })
      expect(lean).toEqual(await ask(found, sql, filter))
      expect(await ask(found, undefined, filter)).toMatchObject({ rows: expect.any(Array) })
    }
    const one = await ask(found, undefined, { prediction: idOf(2) })
    expect(one.columns.map(({ name }) => name)).toContain('input_age')
  })

  it('leaves out what is to be redacted everywhere', () => {
    const files = found.parquet.map(({ path }) => readFileSync(path, 'latin1')).join()
    expect(files).not.toContain('a@b')
    expect(found.parquet.map(({ table }) => table).sort()).toEqual([
      'feedback',
      'model_inputs',
      'model_outputs',
      'predictions',
      'request',
      'response',
    ])
  })

  it.each([
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "copy (select 1) to '/tmp/hagane-hostile.csv'",
    "attach '/tmp/hagane-hostile.db' as x",
    'select 1; select 2',
    'drop table predictions',
    'delete from predictions',
    'select * from prediction',
    'selec 1',
    'set memory_limit = "90GB"',
    'install httpfs',
    'pragma database_list',
    "select * from glob('/etc/*')",
    "select 1) to '/tmp/x' (format csv); --",
    '',
  ])('does not answer %j', async sql => {
    const hint = 'the tables are predictions and feedback; they can be read and nothing else'
    await expect(ask(sources(root), sql)).rejects.toMatchObject({ kind: 'invalid', hint })
  })
  it('reads no file of its own either, by a path that a stranger has guessed', async () => {
    const path = found.parquet[0]?.path ?? ''
    await expect(ask(found, `select * from read_parquet('${path}')`)).rejects.toMatchObject({ kind: 'invalid' })
  })
  it('comes as CSV, Parquet and JSON lines', async () => {
    const out = folder()
    const write = (format: 'csv' | 'parquet' | 'json') => {
      const output = { format, folder: out, path: join(out, `x.${format}`) }
      const sql = "select row_id, 'é,' as x from predictions order by 1 limit 1;  "
      return runHere({ kind: 'predictions', sources: found, filter: {}, sql, limit: 1, output }).then(() =>
        readFileSync(output.path),
      )
    }
    expect((await write('csv')).toString()).toBe(`row_id,x\n${idOf(1)}-0,"é,"\n`)
    expect(JSON.parse((await write('json')).toString())).toEqual({ row_id: `${idOf(1)}-0`, x: 'é,' })
    expect((await write('parquet')).subarray(0, 4).toString()).toBe('PAR1')
  })
})

it("what a script's own collector took is not taken from the bodies a second time", async () => {
  const root = folder()
  const plan = { ...none, collections: { model_inputs: 1, model_outputs: 1, mine: 1 } }
  const said = exchangeOf(revision, {
    ...{ n: 1, request: { a: 1 }, answer: [1] },
    collected: [
      { collection: 'model_inputs', correlation_id: 'c', rows: [{ a: 10 }, { a: 20 }] },
      { collection: 'mine', correlation_id: 'c', rows: [{ z: 1 }] },
      { collection: '../../escape', correlation_id: 'c', rows: [{ z: 1 }] },
    ],
  })
  const capture = join(root, 'x.capture')
  writeFileSync(capture, Buffer.concat([headerOf('blue', revision, plan), said]))
  const { tables } = await runHere({ kind: 'convert', capture, folder: root, redactionKey: 'k' })
  expect(tables.map(({ table, rows }) => `${table} ${rows}`).sort()).toEqual([
    'custom 1',
    'mine 1',
    'model_inputs 2',
    'model_outputs 1',
    'predictions 1',
  ])
})

it('callers choose names of columns and labels, and yet speak of their own predictions only', async () => {
  const root = folder()
  const forged = { _row_id: `${idOf(1)}-0`, _prediction_id: idOf(1), a: 1, A: 2, '': 3 }
  const labels = { 'a\\': 1, '"': 2, b: 3, B: 'four', '': 5 }
  const plan = { ...none, collections: { model_inputs: 1 } }
  const exchanges = [
    exchangeOf(revision, { n: 1, request: [{ a: 9 }] }),
    exchangeOf(revision, { n: 2, request: [forged] }),
  ]
  const found = sources(
    root,
    await place(root, 'one', [headerOf('blue', revision, plan), ...exchanges], true),
    await place(root, 'said', [json(0, {}), feedback('2026-11-26T11:00:00.000Z', [{ key: idOf(2), labels }])], false),
  )
  const { columns, rows } = await ask(found, 'select * exclude (time) from predictions order by row_id')
  const named = rows.map(row => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])))
  expect(named).toMatchObject([
    { row_id: `${idOf(1)}-0`, input_a: 9, 'label_a\\': null },
    { row_id: `${idOf(2)}-0`, input_a: 1, input_A_1: 2, input__: 3 },
  ])
  expect(named[1]).toMatchObject({ 'label_a\\': 1, 'label_"': 2, label_B: 'four', label_b_1: 3, label_: 5 })
})

it('no name, text or number of columns of a caller keeps the rows of others from becoming a table', async () => {
  const root = folder()
  const plan = { ...none, collections: { model_inputs: 1 } }
  const odd = { constructor: 1, 'a\0': 'x', '\ud800': '\\ud800 \ud800' }
  const many = Object.fromEntries(Array.from({ length: 2500 }, (_, n) => [`c${n}`, n]))
  const exchanges = [odd, { a: 1 }, many].map((row, n) => exchangeOf(revision, { n, request: [row] }))
  const labels = { 'l\0': 1, '\ud800': '\ud800' }
  const found = sources(
    root,
    await place(root, 'one', [headerOf('blue', revision, plan), ...exchanges], true),
    await place(root, 'said', [json(0, {}), feedback('2026-11-26T11:00:00.000Z', [{ key: idOf(0), labels }])], true),
  )
  const sql = `select input_constructor, input_a, "input_a\ufffd", "input_\ufffd", input_c1, input__more->>'c2499', "label_l\ufffd", "label_\ufffd"
    from predictions order by row_id`
  expect((await ask(found, sql)).rows).toEqual([
    [1, null, 'x', '\\ud800 \ufffd', null, null, 1, '\ufffd'],
    [null, 1, null, null, null, null, null, null],
    [null, null, null, null, 1, '2499', null, null],
  ])
})
