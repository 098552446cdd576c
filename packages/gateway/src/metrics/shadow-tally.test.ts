import type { PredictionRecord } from '@hagane/contract'
import { expect, test } from 'vitest'
import { ShadowTally } from './shadow-tally.ts'

const record = (
  id: string,
  deployment: string,
  output: string,
  more: Partial<PredictionRecord> = {},
): PredictionRecord => ({
  ...{
    id,
    deployment,
    time: '2026-01-01T00:00:00.000Z',
    workspace: 'default',
    endpoint: 'e',
    revision: 'a'.repeat(16),
  },
  ...{ rows: 1, status: 200, latency_ms: 1, input_sha256: '0'.repeat(64), output_sha256: output },
  ...more,
})

test('answers of shadows are counted against live, whichever comes first', () => {
  const tally = new ShadowTally()
  const seen = () => Object.fromEntries([...tally.counts].map(([key, { count }]) => [key, count]))
  tally.note(record('1', 'blue', 'x'), 2)
  tally.note(record('1g', 'green', 'x', { mirror_of: '1' }), 0)
  tally.note(record('1y', 'grey', 'y', { mirror_of: '1' }), 0)
  tally.note(record('2g', 'green', 'x', { mirror_of: '2', status: 500 }), 0)
  expect(seen()).toEqual({ 'blue green same': 1, 'blue grey different': 1 })
  tally.note(record('2', 'blue', 'x'), 1)
  tally.note(record('3', 'blue', 'x', { status: 500 }), 1)
  tally.note(record('3g', 'green', 'x', { mirror_of: '3' }), 0)
  expect(seen()).toEqual({ 'blue green same': 1, 'blue grey different': 1, 'blue green failed': 1 })
})
