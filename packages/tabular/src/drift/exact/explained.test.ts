import { describe, expect, it } from 'vitest'
import { generator } from '../../../test/peers/case-values.ts'
import { runHere } from '../../run-here.ts'
import { csv } from '../../testing/laid-out.ts'
import type { DriftOptions } from '../types.ts'

const drift = (reference: string, current: string, options: DriftOptions = {}) =>
  runHere({ kind: 'drift', reference: csv(reference, 'then.csv'), current: csv(current, 'now.csv'), ...options })

/** Flights: in the current ones those of one carrier at one gate are late. */
function flights(seed: number, late: number): string {
  const draw = generator(seed)
  const rows = Array.from({ length: 4000 }, (_, i) => {
    const [carrier, gate, distance] = [`c${Math.floor(draw() * 4)}`, Math.floor(draw() * 3), Math.floor(draw() * 1000)]
    const delay = draw() * 20 + (carrier === 'c2' && gate === 1 ? late : 0)
    return [`f${i}`, carrier, `g${gate}`, distance, delay].join(',')
  })
  return `id,carrier,gate,distance,delay\n${rows.join('\n')}\n`
}

describe('a feature that drifted', () => {
  it('names the slice that moved, of one column or of two', async () => {
    const report = await drift(flights(1, 0), flights(2, 60), { id: 'id', slices: true, rows: 3 })
    const [delay] = report.features.filter(({ drifted }) => drifted)
    expect(delay?.feature).toBe('delay')
    expect(delay?.slice?.where).toEqual([
      { column: 'gate', value: 'g1' },
      { column: 'carrier', value: 'c2' },
    ])
    expect(delay?.slice?.current_share).toBeCloseTo(1 / 12, 1)
    expect(delay?.slice?.value).toBeGreaterThan(0.5)
    expect(delay?.slice?.excess).toBeGreaterThan(0.03)
    expect(report.features.filter(({ slice }) => slice !== undefined)).toHaveLength(1)
  })
  it('names the rows that are furthest: numbers by distance, categories by what is new', async () => {
    const then = `id,x,c\n${Array.from({ length: 40 }, (_, i) => `a${i},${i % 10},${i % 2 === 0 ? 'u' : 'v'}`).join('\n')}\n`
    const now = `id,x,c\n${Array.from({ length: 40 }, (_, i) => `b${i},${i === 7 ? 500 : 30 + (i % 10)},${i === 3 ? 'new' : 'u'}`).join('\n')}\n`
    const report = await drift(then, now, { id: 'id', rows: 2 })
    const rows = Object.fromEntries(report.features.map(one => [one.feature, one.rows]))
    expect(rows.x?.[0]).toBe('b7')
    expect(rows.c?.[0]).toBe('b3')
    expect(rows.x).toHaveLength(2)
  })
  it('names neither where nobody asked', async () => {
    const [delay] = (await drift(flights(1, 0), flights(2, 60), { id: 'id' })).features.filter(one => one.drifted)
    expect([delay?.rows, delay?.slice]).toEqual([undefined, undefined])
  })
})

describe('a column of text', () => {
  const words = ['the', 'flight', 'was', 'late', 'again', 'because', 'of', 'snow', 'and', 'wind', 'at', 'night']
  const notes = (seed: number, more: readonly string[]) => {
    const [draw, known] = [generator(seed), [...words, ...more]]
    const text = () =>
      Array.from({ length: 4 + Math.floor(draw() * 5) }, () => known[Math.floor(draw() * known.length)]).join(' ')
    return `note\n${Array.from({ length: 600 }, text).join('\n')}\n`
  }
  const metricsOf = async (then: string, now: string) => {
    const [feature] = (await drift(then, now)).features
    return { ...feature, by: Object.fromEntries(feature?.metrics.map(({ metric, value }) => [metric, value]) ?? []) }
  }
  it('that speaks of something else is told apart by a classifier, and by words that are new', async () => {
    const same = await metricsOf(notes(1, []), notes(2, []))
    expect(same).toMatchObject({ kind: 'text', drifted: false, by: { out_of_vocabulary_rate: 0 } })
    expect(same.by.domain_classifier_auc).toBeLessThan(0.6)
    const other = await metricsOf(notes(1, []), notes(2, ['strike', 'pilots', 'refund', 'angry']))
    expect(other.drifted).toBe(true)
    expect(other.by.domain_classifier_auc).toBeGreaterThan(0.8)
    expect(other.by.out_of_vocabulary_rate).toBeCloseTo(4 / 16, 1)
  })
  it('that becomes longer says so', async () => {
    const long = notes(3, []).replaceAll('snow', 'snow and wind and ice and fog and rain')
    expect((await metricsOf(notes(1, []), long)).by.text_length_distance).toBeGreaterThan(0.5)
  })
})
