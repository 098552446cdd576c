import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  collectsNothing,
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  liveRevision,
  predictionIdOf,
  type SeenExchange,
} from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CollectedSources } from '../collected/sources.ts'
import { runHere } from '../run-here.ts'
import type { WindowTableRequest } from './window-table.ts'

const rowId = (n: number, row = 0) => `${predictionIdOf(n)}-${row}`
let root: string
let files = 0

/** What a deployment collected, as captures, and as Parquet where asked. */
async function collected(
  seen: SeenExchange[],
  more: { outputs?: boolean; converted?: boolean; feedback?: Buffer[] } = {},
) {
  const collections = { model_inputs: 1, ...(more.outputs ? { model_outputs: 1 } : {}) }
  const capture = join(root, `${files++}.capture`)
  const frames = seen.map(one => exchangeFrame(liveRevision, one))
  writeFileSync(
    capture,
    Buffer.concat([headerFrame('x', liveRevision, { ...collectsNothing, collections }), ...frames]),
  )
  const said = more.feedback === undefined ? [] : [join(root, `${files++}.capture`)]
  for (const path of said) writeFileSync(path, Buffer.concat(more.feedback ?? []))
  const sources: CollectedSources = {
    ...{ workspace: 'default', endpoint: 'e', root, redactionKey: 'k' },
    parquet: [],
    captures: [capture, ...said],
  }
  if (more.converted !== true) return sources
  const folder = join(root, `folder-${files++}`)
  mkdirSync(folder)
  const { tables } = await runHere({ kind: 'convert', capture, folder, redactionKey: 'k' })
  const parquet = tables.map(({ table, file }) => ({ table, path: join(folder, file) }))
  return { ...sources, parquet, captures: said }
}

async function laidOut(sources: CollectedSources, more: Partial<WindowTableRequest> = {}) {
  const path = join(root, `${files++}.parquet`)
  const table = await runHere({ kind: 'window-table', sources, filter: {}, output: { folder: root, path }, ...more })
  const { columns, rows } = await runHere({ kind: 'rows', source: { name: 'w', path, root }, limit: 100 })
  const names = columns.map(({ name }) => name)
  return { table, rows: rows.map(row => Object.fromEntries(row.map((cell, i) => [names[i], cell]))).sort(byId) }
}
const byId = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  String(a._row_id).localeCompare(String(b._row_id))

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hagane-window-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each([
  ['captures', false],
  ['Parquet', true],
])('the rows of a window, from %s', (_, converted) => {
  it('have inputs, answers taken apart, and the last word of feedback', async () => {
    const feedback = [
      feedbackFrame('2026-11-26T11:00:00.000Z', [
        { key: rowId(1), labels: { label: 1 } },
        { key: predictionIdOf(2), labels: { label: 0, delay: 'long' } },
        { key: 'nobody', labels: { label: 1 } },
      ]),
      feedbackFrame('2026-11-26T12:00:00.000Z', [{ key: rowId(1), labels: { label: 0 } }]),
    ]
    const sources = await collected(
      [
        { n: 1, request: [{ x: 1.5, prediction: 'mine' }], answer: [{ prediction: 1, probability: [0.25, 0.75] }] },
        { n: 2, request: [{ x: null, prediction: 'own' }], answer: [{ prediction: 0, probability: [0.5, 0.5] }] },
        { n: 3, request: [{ x: 9 }], answer: { error: 'no' }, status: 500 },
      ],
      { feedback, converted },
    )
    const { table, rows } = await laidOut(sources)
    expect(rows).toMatchObject([
      {
        _row_id: rowId(1),
        x: 1.5,
        prediction: 'mine',
        prediction_1: 1,
        probability_0: 0.25,
        probability_1: 0.75,
        label: 0,
      },
      { _row_id: rowId(2), x: null, prediction_1: 0, label: 0, label_delay: 'long' },
    ])
    expect(table).toMatchObject({ rows: 2, newest: '2026-11-26T10:00:02.000Z' })
    expect(table.outputs.map(({ name, column }) => [name, column])).toEqual([
      ['prediction', 'prediction_1'],
      ['probability_0', 'probability_0'],
      ['probability_1', 'probability_1'],
    ])
    expect(table.labels.map(({ name }) => name)).toEqual(['label', 'delay'])
  })

  it('have the collection of outputs where there is one, and each row once', async () => {
    const sources = await collected(
      [
        {
          n: 1,
          rows: 2,
          request: [{ x: 1 }, { x: 2 }],
          answer: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
      {
        outputs: true,
        converted,
      },
    )
    const { table, rows } = await laidOut(sources)
    expect(rows).toMatchObject([
      { x: 1, prediction_0: 1, prediction_1: 2 },
      { x: 2, prediction_0: 3, prediction_1: 4 },
    ])
    expect(table.outputs.map(({ name }) => name)).toEqual(['prediction_0', 'prediction_1'])
  })
})

describe('which rows', () => {
  it('may be the newest ones', async () => {
    const sources = await collected([1, 2, 3, 4].map(n => ({ n, request: [{ x: n }], answer: [n] })))
    expect((await laidOut(sources, { newest: 2 })).rows.map(row => row.x)).toEqual([3, 4])
  })

  it('may be those of which something was said in a time, with the words of unknown predictions counted', async () => {
    const feedback = [
      feedbackFrame('2026-11-26T11:00:00.000Z', [{ key: rowId(1), labels: { label: 1 } }]),
      feedbackFrame('2026-11-26T12:30:00.000Z', [
        { key: rowId(2), labels: { label: 1 } },
        { key: rowId(2), labels: { label: 1 } },
        { key: 'pr-gone', labels: { label: 1 } },
      ]),
    ]
    const sources = await collected(
      [1, 2, 3].map(n => ({ n, request: [{ x: n }], answer: [n] })),
      { feedback },
    )
    const labelled = { since: '2026-11-26T12:00:00.000Z', until: '2026-11-26T13:00:00.000Z' }
    const { table, rows } = await laidOut(sources, { labelled })
    expect(rows.map(row => row.x)).toEqual([2])
    expect(table).toMatchObject({ rows: 1, unknown_feedback: 1 })
  })

  it('are none without a word where nothing was collected', async () => {
    const sources = await collected([])
    expect((await laidOut(sources)).table).toEqual({
      rows: 0,
      inputs: [],
      outputs: [],
      labels: [],
      unknown_feedback: 0,
    })
  })

  it.each([
    ['text', 'late', { prediction: 'late' }],
    ['true or false', true, { prediction: true }],
    ['nothing at all', null, {}],
    ['a name with quotes', { 'a "b".c': 1 }, { 'a "b".c': 1 }],
    ['mixed values', 'x', { prediction: 'x' }],
  ])('answered %s', async (_, answer, expected) => {
    const sources = await collected([{ n: 1, request: [{ x: 1 }], answer: [answer] }])
    expect((await laidOut(sources)).rows).toMatchObject([expected])
  })
})
