import { expect, test } from 'vitest'
import { gaugesOf, JobUsage } from './job-usage.ts'

const point = (cpu: number, megabytes: number) => ({
  timestamp: 0,
  values: { 'system/cpu_utilization_percentage': cpu, 'system/system_memory_usage_megabytes': megabytes },
})

test('what steps use is told once of each job, and together of each compute for as long as they are measured', () => {
  const usage = new JobUsage(8)
  usage.note({ workspace: 'default', job: 'a', compute: 'azureml:cluster' }, [point(50, 100), point(25, 200)], 1000)
  usage.note({ workspace: 'default', job: 'b', compute: 'cluster' }, [point(50, 300)], 9000)
  usage.note({ workspace: 'other', job: 'c', compute: null }, [point(100, 1)], 9000)
  const told = new Map(usage.take(10_000).map(({ workspace, subject, gauges }) => [`${workspace} ${subject}`, gauges]))
  expect(told).toEqual(
    new Map([
      ['default job/a', { cpu_cores: 2, memory_bytes: 200e6 }],
      ['default job/b', { cpu_cores: 4, memory_bytes: 300e6 }],
      ['other job/c', { cpu_cores: 8, memory_bytes: 1e6 }],
      ['default compute/cluster', { jobs_running: 2, cpu_cores: 6, memory_bytes: 500e6 }],
      ['other compute/local', { jobs_running: 1, cpu_cores: 8, memory_bytes: 1e6 }],
    ]),
  )
  usage.note({ workspace: 'default', job: 'b', compute: 'cluster' }, [point(25, 300)], 39_000)
  expect(usage.take(40_000).map(({ subject, gauges }) => [subject, gauges.cpu_cores])).toEqual([
    ['job/b', 2],
    ['compute/cluster', 2],
  ])
  expect(usage.take(90_000)).toEqual([])
})

test('GPUs are parts of their metrics; what a device does not tell is left out', () => {
  const values = {
    'system/gpu_0_utilization_percentage': 80,
    'system/gpu_0_memory_usage_megabytes': 4000,
    'system/gpu_1_power_usage_watts': 60,
  }
  expect(gaugesOf(values, 1)).toEqual({ 'gpu_utilization/0': 0.8, 'gpu_memory_bytes/0': 4e9 })
})
