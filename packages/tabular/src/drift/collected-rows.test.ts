import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  exchangeFrame,
  feedbackFrame,
  headerFrame,
  predictionIdOf as idOf,
  collectsNothing as none,
  liveRevision as revision,
} from '@hagane/testkit'
import { describe, expect, it } from 'vitest'
import { runHere } from '../run-here.ts'
import { csv } from '../testing/laid-out.ts'
import type { CollectedSource } from './types.ts'

const plan = { ...none, collections: { model_inputs: 1, model_outputs: 1, request: 1, response: 1 } }

/** Two requests of three rows each, a failed one, and labels of some of them. */
function collected(answers: readonly unknown[]): CollectedSource {
  const root = mkdtempSync(join(tmpdir(), 'hagane-collected-'))
  const records = (from: number) =>
    [0, 1, 2].map(i => ({ age: from + i, town: i === 0 ? 'kyoto' : 'osaka', label: 'x' }))
  const frames = [
    headerFrame('blue', revision, plan),
    exchangeFrame(revision, {
      n: 1,
      rows: 3,
      request: { dataframe_records: records(10) },
      answer: { predictions: answers },
    }),
    exchangeFrame(revision, {
      n: 2,
      rows: 3,
      request: { dataframe_records: records(90) },
      answer: { predictions: answers },
    }),
    exchangeFrame(revision, {
      n: 3,
      request: { dataframe_records: [{ age: 1e9 }] },
      answer: { error: 'x' },
      status: 500,
      rows: 0,
    }),
  ]
  const said = [
    feedbackFrame('2026-11-26T11:00:00.000Z', [
      { key: `${idOf(1)}-0`, labels: { label: 1 } },
      { key: `${idOf(1)}-1`, labels: { label: 0 } },
    ]),
    feedbackFrame('2026-11-26T12:00:00.000Z', [
      { key: `${idOf(1)}-0`, labels: { label: 0 } },
      { key: 'unknown', labels: { label: 1 } },
    ]),
  ]
  writeFileSync(join(root, 'one.capture'), Buffer.concat(frames))
  writeFileSync(join(root, 'two.capture'), Buffer.concat([Buffer.from(''), ...said]))
  const captures = [join(root, 'one.capture'), join(root, 'two.capture')]
  return {
    collected: { workspace: 'default', endpoint: 'e', root, redactionKey: 'k', parquet: [], captures },
    filter: {},
  }
}

describe('what an endpoint collected', () => {
  it('is compared with training data by the inputs, and names row ids', async () => {
    const training = csv('age,town,salary\n10,kyoto,1\n11,osaka,2\n12,osaka,3\n11,kyoto,4\n')
    const report = await runHere({
      kind: 'drift',
      reference: training,
      current: collected([1, 0, 1]),
      rows: 1,
      thresholds: { numerical: { normalized_wasserstein_distance: 0.1 } },
    })
    expect(report.features.map(({ feature }) => feature)).toEqual(['age', 'town'])
    expect(report.current.rows).toBe(6)
    expect(report.features[0]).toMatchObject({ drifted: true, current: { count: 6, max: 92 }, rows: [`${idOf(2)}-2`] })
    expect(report.only_reference).toEqual(['salary'])
    expect(report.only_current).not.toContain('row_id')
  })
  it('is profiled with its outputs, whatever their form', async () => {
    const names = async (answers: readonly unknown[]) => {
      const profile = await runHere({ kind: 'profile-sketch', source: collected(answers) })
      return Object.fromEntries(profile.columns.map(({ name, kind }) => [name, kind]))
    }
    expect(await names([0.5, 1, 2])).toMatchObject({ age: 'numeric', town: 'categorical', prediction: 'numeric' })
    expect(await names(['yes', 'no', 'yes'])).toMatchObject({ prediction: 'categorical' })
    expect(
      await names([
        [0.1, 0.9],
        [0.2, 0.8],
        [0.3, 0.7],
      ]),
    ).toMatchObject({ prediction_0: 'numeric', prediction_1: 'numeric' })
    const objects = await names([
      { label: 'a', p: [1, 2] },
      { label: 'b', p: [1, 2] },
      { label: 'b', p: [1, 2], age: 3 },
    ])
    expect(objects).toMatchObject({
      label: 'numeric',
      output_label: 'categorical',
      p_0: 'numeric',
      age: 'numeric',
      output_age: 'numeric',
      input_label: 'categorical',
    })
    expect(objects).not.toHaveProperty('row_id')
  })
  it('is scored by labels that came later: the last word of each row counts', async () => {
    const model = { task: 'classification', prediction: 'prediction', target: 'label', positive: '0' } as const
    const found = await runHere({ kind: 'performance', source: collected([1, 0, 1]), rounds: 5, ...model })
    expect(found).toMatchObject({ rows: 6, labelled: 2 })
    expect(found.metrics[0]).toMatchObject({ metric: 'accuracy', value: 0.5 })
  })
  it('may be both sides, as past production', async () => {
    const source = collected([1, 0, 1])
    const report = await runHere({
      kind: 'drift',
      reference: source,
      current: { ...source, filter: { deployments: ['blue'] } },
    })
    expect(report.features.every(({ drifted }) => !drifted)).toBe(true)
    const empty = await runHere({
      kind: 'drift',
      reference: source,
      current: { ...source, filter: { deployments: ['green'] } },
    })
    expect([empty.drifted, empty.current.rows]).toEqual([false, 0])
  })
})
