import { describe, expect, it } from 'vitest'
import { runHere } from '../../run-here.ts'
import { csv } from '../../testing/laid-out.ts'
import type { EstimateRequest, PerformanceRequest } from '../types.ts'

const measure = (text: string, more: Partial<PerformanceRequest> = {}) =>
  runHere({
    kind: 'performance',
    source: csv(text, 'rows.csv'),
    task: 'classification',
    prediction: 'said',
    target: 'is',
    rounds: 20,
    ...more,
  })
const value = ({ metrics }: { metrics: readonly { metric: string; value: number | null }[] }, name: string) =>
  metrics.find(({ metric }) => metric === name)?.value

describe('performance', () => {
  it('counts rows that have a label, of classes by whatever name', async () => {
    const found = await measure('said,is\nyes,yes\nno,no\nyes,no\nno,\n', {})
    expect(found).toMatchObject({ rows: 4, labelled: 3 })
    expect([value(found, 'accuracy'), value(found, 'precision'), value(found, 'recall')]).toEqual([2 / 3, 0.5, 1])
    const other = await measure('said,is\nyes,yes\nno,no\nyes,no\n', { positive: 'no' })
    expect([value(other, 'precision'), value(other, 'recall')]).toEqual([1, 0.5])
  })
  it('of several classes is averaged over them, and has no curve', async () => {
    const found = await measure('said,is\na,a\nb,b\nc,b\nc,c\n')
    expect(value(found, 'recall')).toBeCloseTo((1 + 0.5 + 1) / 3, 12)
    expect(found.metrics.find(({ metric }) => metric === 'roc_auc')).toMatchObject({
      value: null,
      reason: 'it is for two classes',
    })
  })
  it('takes 1 and 1.0 for one class, and a score for a prediction', async () => {
    expect(value(await measure('said,is\n1.0,1\n0.0,0\n0.5,1\n'), 'accuracy')).toBeCloseTo(2 / 3, 12)
    const { prediction: _, ...model } = { prediction: '', task: 'classification', target: 'is', score: 'p' } as const
    const found = await runHere({ kind: 'performance', source: csv('p,is\n0.9,1\n0.6,0\n0.1,0\n'), ...model })
    expect([value(found, 'accuracy'), value(found, 'roc_auc')]).toEqual([2 / 3, 1])
  })
  it('joins labels that come from elsewhere: late ones are missing, of repeated ones the last counts, unknown ones do not matter', async () => {
    const labels = csv('id,is\na,0\na,1\nb,0\nzz,1\n', 'labels.csv')
    const found = await measure('id,said\na,1\nb,0\nc,1\n', { labels: { source: labels, key: 'id' } })
    expect(found).toMatchObject({ rows: 3, labelled: 2 })
    expect(value(found, 'accuracy')).toBe(1)
  })
  it('is told by slice: categories and ranges', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2},${i < 20 ? i % 2 : 0},${i < 20 ? 'old' : 'new'},${i}`)
    const found = await measure(`is,said,age,n\n${rows.join('\n')}\n`, { slices: ['age', 'n'] })
    const accuracy = found.slices.map(slice => [slice.column, slice.value, slice.labelled, value(slice, 'accuracy')])
    expect(accuracy.slice(0, 2)).toEqual([
      ['age', 'new', 20, 0.5],
      ['age', 'old', 20, 1],
    ])
    expect(accuracy.slice(2).map(([, range]) => range)).toEqual(['[29, )', '[19, 29)', '[9, 19)', '[, 9)'])
  })
  it('without labels, or with one class, has no value where there is none', async () => {
    expect(await measure('said,is\n1,\n0,\n')).toMatchObject({ labelled: 0, metrics: [] })
    const found = await measure('said,is,p\n1,1,0.9\n1,1,0.8\n', { score: 'p' })
    expect(found.metrics.find(({ metric }) => metric === 'roc_auc')).toMatchObject({
      value: null,
      reason: 'there is one class only',
    })
  })
  it('refuses columns that are not there, ids for classes, and nothing to score', async () => {
    await expect(measure('a,b\n1,2\n')).rejects.toMatchObject({
      details: [{ property: 'target', sent: 'is', allowed: ['a', 'b'] }],
    })
    const ids = Array.from({ length: 150 }, (_, i) => `${i},${i}`).join('\n')
    await expect(measure(`said,is\n${ids}\n`)).rejects.toThrow(/more than 100 classes/)
    await expect(measure('said,is\n1,2\n', { positive: '7' })).rejects.toMatchObject({
      details: [{ property: 'positive' }],
    })
    const regression: EstimateRequest = {
      ...{ kind: 'estimate', task: 'classification', target: 'is', prediction: 'said' },
      ...{ reference: csv('said,is\n1,1\n'), current: csv('said\n1\n') },
    }
    await expect(runHere(regression)).rejects.toThrow(/estimated from probabilities/)
  })
})
