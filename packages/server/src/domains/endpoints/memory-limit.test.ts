import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { memoryLimitOf } from './memory-limit.ts'

const limitOf = (memory: unknown, WORKER_COUNT = 1) =>
  memoryLimitOf(
    onlineDeploymentSpec.parse({ resources: { limits: { memory } }, environment_variables: { WORKER_COUNT } }),
  )

test.each([
  ['512Mi', 1, 512 * 2 ** 20],
  ['0.5Gi', 2, 256 * 2 ** 20],
  ['1.5G', 1, 1_500_000_000],
  [1e9, 1, 1e9],
])('%s for %i workers is %i bytes for each', (memory, workers, bytes) => {
  expect(limitOf(memory, workers)).toEqual({ memory_limit: bytes })
})

test.each(['much', '1Qi', '-1Gi', '', '1Mi'])('%j is refused with what is allowed', memory => {
  expect(() => limitOf(memory)).toThrow('resources.limits.memory')
})

test('without a limit there is none', () => {
  expect(memoryLimitOf(onlineDeploymentSpec.parse({}))).toEqual({})
})
