import type { MonitorFinding, SignalResult } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { ndcg } from './judge/attribution.ts'
import { changesOf } from './judge/schema.ts'
import { changeOf, findingKey, type Open, resultOf, runTags } from './outcome.ts'

const finding = (feature: string, breached = true): MonitorFinding => ({
  ...{ signal: 'drift', feature, metric: 'psi', value: 1, breached },
})
const result = (findings: MonitorFinding[], more: Partial<SignalResult> = {}): SignalResult => ({
  ...{ signal: 'drift', type: 'data_drift', notes: [], findings },
  status: findings.some(one => one.breached) ? 'breached' : 'healthy',
  window: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-02T00:00:00.000Z' },
  ...more,
})
const open = (...features: string[]): Open[] =>
  features.map(feature => ({ key: findingKey(finding(feature)), signal: 'drift', finding: finding(feature) }))

describe('what a result changes', () => {
  it('is what is newly beyond its threshold, what still is, and what no longer is', () => {
    const change = changeOf(
      result([finding('new'), finding('old'), finding('fine', false)]),
      open('old', 'gone'),
      undefined,
    )
    expect(change?.opened.map(one => one.feature)).toEqual(['new'])
    expect(change?.stayed.map(one => one.feature)).toEqual(['old'])
    expect(change?.closed.map(one => one.finding.feature)).toEqual(['gone'])
  })

  it('leaves what other signals found alone', () => {
    const other = open('x').map(one => ({ ...one, signal: 'other' }))
    expect(changeOf(result([]), other, undefined)?.closed).toEqual([])
  })

  it.each<[string, SignalResult, string | undefined]>([
    ['could not be judged', result([], { status: 'not_judged' }), undefined],
    ['ends before one that was judged', result([finding('x')]), '2026-01-03T00:00:00.000Z'],
  ])('is nothing when the window %s', (_, one, judged) => {
    expect(changeOf(one, open('old'), judged)).toBeUndefined()
  })

  it('counts for the same window again, so that a window that is judged twice tells nothing twice', () => {
    const change = changeOf(result([finding('old')]), open('old'), '2026-01-02T00:00:00.000Z')
    expect(change).toMatchObject({ opened: [], closed: [] })
  })

  it('tells slashes in names apart', () => {
    expect(findingKey(finding('a/b'))).not.toBe(findingKey({ ...finding('b'), segment: 'a' }))
  })
})

describe('a run', () => {
  it('is breached when any signal is, and not judged when none was', () => {
    const [none, fine, bad] = [result([], { status: 'not_judged' }), result([]), result([finding('x')])]
    expect([resultOf([none, none]), resultOf([none, fine]), resultOf([fine, bad])]).toEqual([
      ...['not_judged', 'healthy', 'breached'],
    ])
    expect(runTags([fine])).toEqual({})
    expect(runTags([bad]).azureml_modelmonitor_threshold_breached).toContain(
      'has failed due to one or more features violating metric thresholds',
    )
  })
})

describe('normalised discounted cumulative gain', () => {
  it.each([
    ['the same order', { a: 0.5, b: 0.3, c: 0.2 }, { a: 0.4, b: 0.35, c: 0.25 }, 1],
    // (0.2 + 0.3 / log2 3 + 0.5 / 2) / (0.5 + 0.3 / log2 3 + 0.2 / 2)
    ['the order turned round', { a: 0.5, b: 0.3, c: 0.2 }, { a: 0.1, b: 0.2, c: 0.7 }, 0.8099531166],
    // the mean of all orders: 2 (1 + 1 / log2 3 + 1 / 2) / (3 + 2 / log2 3 + 1 / 2)
    ['nothing that matters more', { a: 3, b: 2, c: 1 }, { a: 1, b: 1, c: 1 }, 0.8949990021],
  ])('of %s', (_, before, now, expected) => {
    expect(ndcg(before, now)).toBeCloseTo(expected, 6)
  })

  it('is not defined where training had no importances', () => {
    expect(ndcg({ a: 0 }, { a: 1 })).toBeUndefined()
  })
})

it('columns that are gone, new or of another type are findings, and a fraction among whole numbers is none', () => {
  const before = { kept: 'number', gone: 'string', changed: 'number' }
  const now = { kept: 'number', changed: 'string', fresh: 'boolean' }
  expect(changesOf('q', before, now).map(({ feature, metric, note }) => [feature, metric, note])).toEqual([
    ['gone', 'column_missing', 'no row has it any more'],
    ['fresh', 'column_new', 'a boolean that was not there before'],
    ['changed', 'type_changed', 'from number to string'],
  ])
})
