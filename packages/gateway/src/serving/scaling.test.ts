import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { scoreDeployment } from '../testing/deployments.ts'
import { Scaling, wantedWorkers } from './scaling.ts'

const settings = { min_workers: 1, max_workers: 4, target_utilization_percentage: 70, polling_interval: 1 }

test.each([
  [0, 1, 1],
  [0.7, 1, 1],
  [0.71, 1, 2],
  [2.1, 1, 3],
  [9, 1, 4],
  [9, 10, 2],
])('%d open requests with %d places at a worker want %d workers', (load, places, workers) => {
  expect(wantedWorkers(load, places, settings)).toBe(workers)
})

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const scaled = (more: object) => {
  const target = {
    open: 0,
    accepted: 0,
    workers: 1,
    workersReady: 1,
    resize(workers: number) {
      this.workers = workers
    },
  }
  const scaling = new Scaling(target, scoreDeployment('blue', '', more))
  return { target, scaling }
}

test('more load is answered with more workers at the next look, less only after a minute of it', () => {
  const { target, scaling } = scaled({ autoscale: settings })
  target.open = 2
  vi.advanceTimersByTime(1100)
  expect(target.workers).toBe(3)
  target.open = 0
  vi.advanceTimersByTime(30_000)
  expect(target.workers).toBe(3)
  target.open = 1
  vi.advanceTimersByTime(2000)
  target.open = 0
  vi.advanceTimersByTime(40_000)
  expect(target.workers).toBe(2)
  vi.advanceTimersByTime(70_000)
  expect(target.workers).toBe(1)
  scaling.close()
})

test('the workers end after the idle time, which every request begins anew', () => {
  const { target, scaling } = scaled({ idle_seconds: 10 })
  target.workersReady = 0
  vi.advanceTimersByTime(20_000)
  target.workersReady = 1
  vi.advanceTimersByTime(8000)
  target.accepted += 1
  vi.advanceTimersByTime(8000)
  expect(target.workers).toBe(1)
  target.open = 1
  vi.advanceTimersByTime(60_000)
  expect(target.workers).toBe(1)
  target.open = 0
  vi.advanceTimersByTime(10_200)
  expect(target.workers).toBe(0)
  scaling.close()
})

test('a deployment that says nothing of scale has no timer', () => {
  const { scaling } = scaled({})
  expect(vi.getTimerCount()).toBe(0)
  scaling.close()
})
