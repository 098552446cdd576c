import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  exchangeFrame as exchangeOf,
  headerFrame as headerOf,
  predictionIdOf as idOf,
  collectsNothing as none,
  liveRevision as revision,
  shadowRevision,
} from '@hagane/testkit'
import { describe, expect, it } from 'vitest'
import { runHere } from '../run-here.ts'
import { place, sources } from '../testing/placed-captures.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'hagane-compared-'))

describe('a shadow', () => {
  it('is compared row by row: exactly the rows that differ, failures and what has no answer', async () => {
    const root = folder()
    const plan = { ...none, collections: { model_inputs: 1 } }
    const live: Buffer[] = []
    const shadow: Buffer[] = []
    const differing = new Set([3, 17, 44])
    for (let n = 0; n < 50; n += 1) {
      live.push(
        exchangeOf(revision, { n, mirrored: ['green', 'grey'], request: { x: n }, answer: { predictions: [n / 10] } }),
      )
      const answer = { predictions: [n / 10 + (differing.has(n) ? n : 1e-12)] }
      shadow.push(exchangeOf(shadowRevision, { n, shadowOf: n, answer }))
    }
    live.push(exchangeOf(revision, { n: 50, mirrored: ['green'], answer: [1, 2], rows: 2 }))
    shadow.push(exchangeOf(shadowRevision, { n: 50, shadowOf: 50, answer: [1], rows: 1 }))
    live.push(exchangeOf(revision, { n: 51, mirrored: ['green'], answer: [1] }))
    shadow.push(exchangeOf(shadowRevision, { n: 51, shadowOf: 51, answer: {}, status: 500, rows: 0 }))
    live.push(exchangeOf(revision, { n: 52, mirrored: ['green'], answer: ['cat'] }))
    live.push(exchangeOf(revision, { n: 53, answer: [1] }))
    live.push(exchangeOf(revision, { n: 54, mirrored: ['green'], answer: ['cat'] }))
    shadow.push(exchangeOf(shadowRevision, { n: 54, shadowOf: 54, answer: ['dog'] }))
    const found = sources(
      root,
      await place(root, 'live', [headerOf('blue', revision, plan), ...live], true),
      await place(root, 'shadow', [headerOf('green', shadowRevision, none), ...shadow], false),
    )
    const compare = {
      kind: 'compare' as const,
      sources: found,
      live: 'blue',
      since: '2026-11-26T00:00:00Z',
      tolerance: 1e-9,
      worst: 20,
    }
    const report = await runHere({ ...compare, shadow: 'green' })
    expect(report).toMatchObject({
      mirrored: 55,
      compared: 52,
      agreed: 48,
      different: 4,
      unanswered: 1,
      shadow_failed: 1,
    })
    expect(report).toMatchObject({ only_live: 1, only_shadow: 0, other_shape: 0, agreement: 48 / 52 })
    expect(report.worst.map(({ live_id, difference }) => [live_id, difference])).toEqual([
      [`${idOf(54)}-0`, undefined],
      [`${idOf(44)}-0`, 44],
      [`${idOf(17)}-0`, 17],
      [`${idOf(3)}-0`, expect.closeTo(3)],
    ])
    expect(report.worst[1]).toMatchObject({
      shadow_id: `${idOf(44, shadowRevision)}-0`,
      live: 4.4,
      shadow: 48.4,
      inputs: { x: 44 },
    })
    expect(report.columns).toMatchObject([{ path: '', compared: 52, agreed: 48, numeric: { count: 51, max: 44 } }])
    expect(report.columns[0]?.changes).toEqual([{ live: 'cat', shadow: 'dog', count: 1 }])
    expect(await runHere({ ...compare, shadow: 'grey' })).toMatchObject({ mirrored: 50, compared: 0, unanswered: 50 })
    expect(await runHere({ ...compare, shadow: 'nobody' })).not.toHaveProperty('agreement')
  })
})
