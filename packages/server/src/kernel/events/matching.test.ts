import type { EventRecord } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { compileFilter } from './index.ts'

const event: EventRecord = {
  seq: 7,
  id: '01',
  time: '2026-11-26T12:00:00.000Z',
  workspace: 'default',
  actor: 'user:alice',
  type: 'dev.hagane.job.failed',
  subject: 'job/nightly-1',
  data: { status: 'Failed', tags: { team: 'fraud' }, tries: 3, share: 0.25 },
  prev_hash: '0'.repeat(64),
  hash: '0'.repeat(64),
}

describe('a filter of events', () => {
  it.each([
    [{}, true],
    [{ types: ['dev.hagane.job.failed'] }, true],
    [{ types: ['dev.hagane.job'] }, false],
    [{ types: ['dev.hagane.model.*', 'dev.hagane.job.*'] }, true],
    [{ subjects: ['job/nightly-*'] }, true],
    [{ subjects: ['job/nightly-2'] }, false],
    [{ where: 'event.data.tags.team == "fraud" && event.data.tries >= 3 && event.data.share < 0.5' }, true],
    [{ types: ['dev.hagane.*'], where: 'event.data.tries == 2' }, false],
    [{ where: 'event.data.absent == 1' }, false],
    [{ where: 'has(event.data.absent) || event.actor.startsWith("user:")' }, true],
    [{ where: 'event.data.tries' }, false],
  ])('%j lets it pass: %s', (filter, passes) => {
    expect(compileFilter(filter)(event)).toBe(passes)
  })

  it('refuses what is no condition, with the place', () => {
    expect(() => compileFilter({ where: 'event.data.x >' }, 'on')).toThrow(
      'on.where is not a condition: Unexpected token',
    )
    expect(() => compileFilter({ where: `${'('.repeat(500)}1${')'.repeat(500)}` })).toThrow('is not a condition')
  })
})
