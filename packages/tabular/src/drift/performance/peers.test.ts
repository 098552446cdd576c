import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { correlatedRows, regressedRows, scoredRows } from '../../../test/peers/model-rows.ts'
import { runHere } from '../../run-here.ts'
import { csv } from '../../testing/laid-out.ts'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../test/peers/${name}`, import.meta.url), 'utf8'))
interface Case {
  readonly name: string
  readonly seed: number
  readonly n: number
  readonly calibrated: boolean
  readonly tilt: number
  readonly turn: number
  readonly gaps: boolean
}
const cases: Record<'cbpe' | 'dle' | 'rows', Case[]> = read('model-cases.json')
type Numbers = Record<string, number>
const nannyml: {
  cbpe: Record<string, { calibrated: boolean; estimated: Numbers; reference: Numbers }>
  dle: Record<string, { estimated: Numbers; realised: Numbers }>
  rows: Record<string, { current_error: number; reference_error: number; auc: number }>
} = read('nannyml.json')

const near = (ours: number | null | undefined, theirs: number | undefined, tolerance: number, what: string) =>
  expect(Math.abs((ours ?? Number.NaN) - (theirs ?? Number.NaN)), `${what}: ${ours} and ${theirs}`).toBeLessThanOrEqual(
    tolerance,
  )

describe('performance without labels agrees with NannyML', () => {
  it.each(cases.cbpe)('CBPE: $name', async ({ name, seed, n, calibrated, tilt }) => {
    const reference = csv(scoredRows(seed, n, calibrated, 0), 'then.csv')
    const current = csv(scoredRows(seed + 1, n, calibrated, tilt).replaceAll(/,\d$/gm, ','), 'now.csv')
    const model = { task: 'classification', prediction: 'prediction', target: 'target', score: 'score' } as const
    const found = await runHere({ kind: 'estimate', reference, current, ...model })
    const theirs = nannyml.cbpe[name]
    expect(found).toMatchObject({ method: 'cbpe', calibrated: theirs?.calibrated, rows: n, reference_rows: n })
    // NannyML rounds the cumulated counts of the ROC curve to five decimals
    for (const { metric, estimated, reference: then } of found.metrics) {
      near(estimated, theirs?.estimated[metric], metric === 'roc_auc' ? 1e-7 : 1e-9, metric)
      near(then, theirs?.reference[metric], 1e-9, metric)
    }
    const measured = await runHere({ kind: 'performance', source: reference, rounds: 20, ...model })
    for (const { metric, value, low, high } of measured.metrics) {
      near(value, theirs?.reference[metric], 1e-9, metric)
      expect((low ?? 1) <= (value ?? 0) && (value ?? 0) <= (high ?? 0), metric).toBe(true)
    }
  })

  it.each(cases.dle)('DLE, within a tenth: $name', async ({ name, seed, n, tilt }) => {
    const reference = csv(regressedRows(seed, n, 0), 'then.csv')
    const current = csv(regressedRows(seed + 1, n, tilt), 'now.csv')
    const model = { task: 'regression', prediction: 'prediction', target: 'target' } as const
    const found = await runHere({ kind: 'estimate', reference, current, ...model })
    const theirs = nannyml.dle[name]
    const losses = { mean_absolute_error: 'mae', mean_squared_error: 'mse', root_mean_squared_error: 'rmse' } as const
    for (const { metric, estimated } of found.metrics) {
      const expected = theirs?.estimated[losses[metric as keyof typeof losses]] ?? Number.NaN
      near(estimated, expected, expected / 10, metric)
      const realised = theirs?.realised[metric] ?? Number.NaN
      near(estimated, realised, realised / 10, metric)
    }
    const measured = await runHere({ kind: 'performance', source: current, rounds: 20, ...model })
    for (const { metric, value } of measured.metrics) near(value, theirs?.realised[metric], 1e-9, metric)
  })
})

describe('whole rows agree with NannyML', () => {
  it.each(cases.rows)('$name', async ({ name, seed, n, turn, gaps }) => {
    const reference = csv(correlatedRows(seed, n, 1, gaps), 'then.csv')
    const current = csv(correlatedRows(seed + 1, n, turn, gaps), 'now.csv')
    const found = await runHere({ kind: 'multivariate', reference, current, id: 'id', rows: 3 })
    const theirs = nannyml.rows[name]
    near(found.reconstruction.reference_error, theirs?.reference_error, 1e-9, 'reference')
    near(found.reconstruction.current_error, theirs?.current_error, 1e-9, 'current')
    // NannyML takes LightGBM
    near(found.domain_classifier.auc, theirs?.auc, 0.04, 'auc')
    expect([found.reconstruction.breached, found.domain_classifier.breached]).toEqual([turn !== 1, turn !== 1])
    expect(found.extreme_rows).toHaveLength(3)
    expect(found.extreme_rows?.[0]).toMatch(/^row-\d+$/)
  })
})
