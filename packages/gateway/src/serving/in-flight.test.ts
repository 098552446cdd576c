import { expect, test } from 'vitest'
import { InFlight } from './in-flight.ts'
import { Pending } from './pending.ts'

const request = {
  name: 'pr',
  route: 0,
  method: 'POST',
  contentType: '',
  head: undefined,
  body: Buffer.alloc(0),
} as const
const pending = (): Pending => new Pending(request, 1000, () => undefined)

test('each request is taken once, by its own number, and numbers are used again', () => {
  const inFlight = new InFlight()
  const [a, b] = [pending(), pending()]
  const [first, second] = [inFlight.add(a), inFlight.add(b)]
  expect([inFlight.size, inFlight.take(first), inFlight.take(first), inFlight.size]).toEqual([2, a, undefined, 1])
  const c = pending()
  expect(inFlight.add(c)).toBe(first)
  expect([inFlight.take(second), inFlight.take(first), inFlight.take(99)]).toEqual([b, c, undefined])
})

test('the oldest is known, and everything comes out in the order of arrival', () => {
  const inFlight = new InFlight()
  const all = [pending(), pending(), pending()]
  const ids = all.map(one => inFlight.add(one))
  inFlight.take(ids[0] as number)
  const late = pending()
  inFlight.add(late)
  expect(inFlight.oldest()).toBe(all[1])
  expect(inFlight.clear()).toEqual([all[1], all[2], late])
  expect([inFlight.size, inFlight.oldest()]).toEqual([0, undefined])
})

test('a request that is overdue says so once, and not after it was answered', async () => {
  const told: string[] = []
  const overdue = new Pending(request, 1, () => told.push('answer'))
  overdue.onTimeout = () => told.push('late')
  const answered = new Pending(request, 1, () => told.push('in time'))
  answered.onTimeout = () => told.push('never')
  answered.settle({ status: 200, rows: 1, headers: [], body: Buffer.alloc(0) })
  while (!overdue.timedOut) await new Promise(resolve => setTimeout(resolve, 1))
  overdue.settle({ status: 200, rows: 1, headers: [], body: Buffer.alloc(0) })
  expect(told).toEqual(['in time', 'late', 'answer'])
})
