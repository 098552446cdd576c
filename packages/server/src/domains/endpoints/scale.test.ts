import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { scaleOf } from './scale.ts'

const scale = (body: object) => scaleOf(onlineDeploymentSpec.parse(body))
const utilization = (more: object = {}) => ({ scale_settings: { type: 'target_utilization', ...more } })

test.each<[string, object, object]>([
  ['instances alone', { instance_count: 3 }, { workers: 3 }],
  ['Azure ML type default', { instance_count: 2, scale_settings: { type: 'default' } }, { workers: 2 }],
  [
    'what the Kubernetes example asks for',
    utilization({ min_instances: 1, max_instances: 3, polling_interval: 10, target_utilization_percentage: 70 }),
    {
      workers: 1,
      autoscale: { min_workers: 1, max_workers: 3, polling_interval: 10, target_utilization_percentage: 70 },
    },
  ],
  [
    'instances outside the bounds, which begin at the nearest',
    { instance_count: 9, ...utilization({ min_instances: 2, max_instances: 4 }) },
    { workers: 4, autoscale: { min_workers: 2, max_workers: 4 } },
  ],
  [
    'several processes for each instance',
    { environment_variables: { WORKER_COUNT: 2 }, ...utilization({ max_instances: 3 }) },
    { workers: 2, autoscale: { min_workers: 2, max_workers: 6 } },
  ],
  ['sleep', { properties: { 'hagane.scale_to_zero_after': '15m' } }, { workers: 1, idle_seconds: 900 }],
])('%s', (_, body, expected) => {
  expect(scale(body)).toMatchObject(expected)
})

test.each<[object, string]>([
  [
    utilization({ min_instances: 5, max_instances: 3 }),
    'scale_settings.max_instances: 3 is not at least min_instances (5)',
  ],
  [utilization({ min_instances: 0 }), 'scale_settings.min_instances: 0 is not at least 1'],
  [
    { properties: { 'hagane.scale_to_zero_after': 'soon' } },
    "properties.hagane.scale_to_zero_after: this is no length of time: 'soon'",
  ],
  [{ properties: { 'hagane.scale_to_zero_after': '0s' } }, 'this is no length of time'],
])('%j is refused in words', (body, words) => {
  expect(() => scale(body)).toThrow(words)
})
