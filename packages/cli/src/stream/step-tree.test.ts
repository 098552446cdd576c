import { describe, expect, it } from 'vitest'
import { jobOf } from '../testing/memory-jobs.ts'
import { stepTree } from './step-tree.ts'

const start = '2026-11-23T10:00:00.000Z'
const view = { now: Date.parse('2026-11-23T10:01:15.500Z'), coloured: false, rows: 40 }
const pipeline = jobOf({ name: 'p', type: 'pipeline', start_time: start })
const step = (name: string, more: object = {}) => jobOf({ name, parent_job_name: 'p', step: name, ...more })

describe('the tree of steps', () => {
  it('tells status, time and reuse of each, and counts them', () => {
    const steps = [
      step('prep', { status: 'Completed', start_time: start, end_time: start, reuse: { key: 'k', from: 'old_1' } }),
      step('train', { status: 'Running', start_time: '2026-11-23T10:01:13.000Z' }),
      step('bad', {
        status: 'Failed',
        start_time: start,
        end_time: start,
        usage: { peak_memory_bytes: 1_234_567_890 },
      }),
      step('eval', { status: 'NotStarted' }),
    ]
    expect(stepTree(pipeline, steps, view)).toEqual([
      '● p  Running  1 min 15 s  1 of 4 done, 1 reused, 1 failed',
      '├─ ✓ prep  reused old_1  0.0 s',
      '├─ ● train  Running  2.5 s',
      '├─ ✗ bad  Failed  0.0 s, 1.2 GB',
      '└─ ○ eval  NotStarted',
    ])
  })

  it('draws pipelines inside of it as branches', () => {
    const inner = step('tune', { type: 'sweep', status: 'Running', start_time: start })
    const trials = ['t0', 't1'].map(name => jobOf({ name, parent_job_name: 'tune', step: name, status: 'Queued' }))
    expect(stepTree(pipeline, [inner, ...trials, step('last', { status: 'NotStarted' })], view).slice(1)).toEqual([
      '├─ ● tune  Running  1 min 15 s',
      '│  ├─ ○ t0  Queued',
      '│  └─ ○ t1  Queued',
      '└─ ○ last  NotStarted',
    ])
  })

  it('keeps what runs and what failed in sight when there is no room for all', () => {
    const many = Array.from({ length: 100 }, (_, i) => step(`s${i}`, { status: 'NotStarted' }))
    many[70] = step('s70', { status: 'Failed', start_time: start, end_time: start })
    const lines = stepTree(pipeline, many, { ...view, rows: 10 })
    expect(lines).toHaveLength(9)
    expect(lines.join('\n')).toContain('✗ s70  Failed')
    expect(lines.at(-1)).toBe('   … 93 more')
  })

  it('lets no name play with the terminal', () => {
    const lines = stepTree(pipeline, [step('a\u001b[2J\nb', { status: 'Queued' })], view)
    expect(lines[1]).toBe('└─ ○ a b  Queued')
  })
})
