import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LivenessProbe } from './liveness-probe.ts'

const settings = { initial_delay: 0, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 3 }
let pings = 0
let dead = 0
let listens = true
const probeOf = (more: Partial<typeof settings> = {}): LivenessProbe => {
  const probe = new LivenessProbe(settings, {
    canAnswer: () => listens,
    ping: () => {
      pings += 1
    },
    dead: () => {
      dead += 1
    },
  })
  probe.start({ ...settings, ...more })
  return probe
}
const after = (seconds: number) => vi.advanceTimersByTime(seconds * 1000)
beforeEach(() => {
  vi.useFakeTimers()
  pings = 0
  dead = 0
  listens = true
})
afterEach(() => vi.useRealTimers())

test('a worker that never answers is dead when the last ping it may miss has timed out', () => {
  probeOf()
  after(31)
  expect([pings, dead]).toEqual([3, 0])
  after(1)
  expect(dead).toBe(1)
})

test('an answer after the timeout is a failure, one within it is none', () => {
  const late = probeOf()
  for (let n = 0; n < 2; n += 1) {
    after(n === 0 ? 13 : 10)
    late.answered()
  }
  after(9)
  expect(dead).toBe(1)
  late.stop()
  const inTime = probeOf()
  for (let n = 0; n < 9; n += 1) {
    after(n === 0 ? 11 : 10)
    inTime.answered()
  }
  expect([pings, dead]).toEqual([12, 1])
})

test('after a failure as many answers in a row begin anew as success_threshold says', () => {
  const once = probeOf({ success_threshold: 1 })
  const failTwice = (probe: LivenessProbe): void => {
    after(22)
    after(8)
    probe.answered()
  }
  failTwice(once)
  after(12)
  expect(dead).toBe(0)
  once.stop()
  const twice = probeOf({ success_threshold: 2 })
  failTwice(twice)
  after(12)
  expect(dead).toBe(1)
})

test('a worker that computes is not asked, and a ping that it had before does not count', () => {
  probeOf({ failure_threshold: 1 })
  after(10)
  listens = false
  after(100)
  expect([pings, dead]).toEqual([1, 0])
})

test('a ping that takes longer than the period is waited for, and new settings hold at once', () => {
  const probe = probeOf({ period: 1, timeout: 30, failure_threshold: 1 })
  after(30)
  expect(pings).toBe(1)
  probe.answered()
  probe.start({ ...settings, period: 1, timeout: 1, failure_threshold: 1 })
  after(2)
  expect([pings, dead]).toEqual([2, 1])
  probe.stop()
  after(100)
  expect([pings, dead]).toEqual([2, 1])
})

test('an answered request shows that it lives', () => {
  const probe = probeOf()
  after(22)
  probe.worked()
  after(10)
  expect(dead).toBe(0)
})
