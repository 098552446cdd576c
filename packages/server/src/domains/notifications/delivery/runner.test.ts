import { expect, it } from 'vitest'
import type { EventRow } from '../../../kernel/events/index.ts'
import type { DeliveryRow } from '../tables.ts'
import { type Outcome, Runner, type Standing } from './runner.ts'

const event = (seq: number, subject: string): EventRow => ({
  ...{ seq, subject, id: `e${seq}`, time: '', workspace: 'default', actor: 'a', type: 't', data: '{}' },
  ...{ prev_hash: '', hash: '' },
})

/** A runner over a log that grows, and sends that are answered one by one. */
function harness(log: EventRow[], standing: Partial<Standing> = {}) {
  const sent: { seq: number; answer: (outcome: Partial<Outcome>) => Promise<void> }[] = []
  const clock = { now: 1_000_000 }
  const settle = () => new Promise(resolve => setImmediate(resolve))
  const runner = new Runner(
    {
      now: () => clock.now,
      random: () => 0,
      after: (seq, limit) => log.filter(row => row.seq > seq).slice(0, limit),
      event: async seq => log.find(row => row.seq === seq),
      wants: () => true,
      isHeld: () => false,
      send: row =>
        new Promise(resolve => {
          const answer = async (outcome: Partial<Outcome>) => {
            resolve({ delivered: true, ms: 1, ...outcome })
            await settle()
          }
          sent.push({ seq: row.seq, answer })
        }),
      mayStart: () => true,
      changed: () => {},
      failed: error => {
        throw error
      },
    },
    { id: 's', cursor: 0, health: 'healthy', rows: [], ...standing },
  )
  runner.pump()
  return { runner, sent, clock, settle, seqs: () => sent.map(one => one.seq) }
}

it('keeps the cursor before what is under way, and keeps nothing behind it as a row', async () => {
  const log = [event(1, 'a'), event(2, 'b')]
  const { runner, sent } = harness(log)
  log.push(event(3, 'a'))
  runner.pump()
  await sent[1]?.answer({})
  expect(runner.progress()).toMatchObject({ cursor: 0, rows: [{ seq: 2, state: 'delivered' }] })
  await sent[0]?.answer({ delivered: false, error: 'no' })
  expect(runner.progress()).toMatchObject({
    cursor: 3,
    rows: [
      { seq: 1, state: 'retrying', due_at: 1_005_000 },
      { seq: 3, state: 'waiting' },
    ],
  })
})

it('takes up rows beyond the cursor in the order of their subject', async () => {
  const row = (seq: number, state: string): DeliveryRow => ({
    ...{ subscription_id: 's', seq, event_id: `e${seq}`, type: 't', subject: 'a', state, attempts: 0 },
    ...{ first_at: null, last_at: null, due_at: null, status: null, error: null, duration_ms: null },
  })
  const log = [1, 2, 3, 4].map(seq => event(seq, 'a'))
  const { seqs, sent, settle } = harness(log, {
    cursor: 1,
    rows: [row(1, 'retrying'), row(3, 'waiting'), row(4, 'delivered')],
  })
  for (let i = 0; i < 3; i++) {
    await settle()
    await sent[i]?.answer({})
  }
  expect(seqs()).toEqual([1, 2, 3])
})

it('asks a receiver that takes nothing one at a time, and reads nothing more for it until it does', async () => {
  const log = Array.from({ length: 40 }, (_, i) => event(i + 1, `s${i}`))
  const { runner, sent, clock } = harness(log)
  expect(sent.length).toBe(32)
  for (let i = 0; i < sent.length; i++) await sent[i]?.answer({ delivered: false, error: 'down' })
  expect(runner.health).toBe('down')
  const before = sent.length
  log.push(event(41, 'new'))
  runner.pump()
  expect(sent.length).toBe(before)
  clock.now += 60_000
  runner.pump()
  await Promise.resolve()
  expect(sent.length).toBe(before + 1)
  expect(runner.progress().cursor).toBeLessThan(41)
  await sent.at(-1)?.answer({})
  for (let i = before; i < sent.length; i++) await sent[i]?.answer({})
  expect(sent.map(one => one.seq)).toContain(41)
  expect(runner.health).toBe('healthy')
})
