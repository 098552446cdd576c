import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, it } from 'vitest'
import { collectionPlanOf, comparisonShareOf } from './collection-plan.ts'

const planOf = (data_collector: unknown) => collectionPlanOf(onlineDeploymentSpec.parse({ data_collector }))

it('reads what Azure ML writes, flags as text included', () => {
  expect(
    planOf({
      collections: {
        request: { enabled: 'True' },
        Model_Inputs: {
          enabled: true,
          sampling_rate: 0.1,
          data: { path: 'azureml://datastores/lake/paths/in', version: 1 },
        },
        response: { enabled: 'False' },
        custom: {},
      },
      rolling_rate: 'hour',
      sampling_rate: 0.5,
      request_logging: { capture_headers: ['X-Team'] },
      redact: { email: 'drop' },
    }),
  ).toEqual({
    collections: { request: 0.5, model_inputs: 0.1 },
    headers: ['x-team'],
    redact: { email: 'drop' },
    copies: { model_inputs: 'azureml://datastores/lake/paths/in' },
  })
})

it('is nothing where nothing is enabled, and refuses what is no place or no way to hide a column', () => {
  expect(planOf({ collections: { request: { enabled: false } } })).toBeUndefined()
  expect(collectionPlanOf(onlineDeploymentSpec.parse({}))).toBeUndefined()
  const to = (path: string) => () => planOf({ collections: { request: { enabled: true, data: { path } } } })
  expect(to('./here')).toThrow("data_collector.collections.request.data.path: './here' is not a path of a datastore")
  expect(() => planOf({ collections: {}, redact: { a: 'encrypt' } })).toThrow('redact')
})

it('takes a share of comparison from the endpoint, if it is one', () => {
  const of = (text: string) => comparisonShareOf({ 'hagane.comparison_share': text })
  expect([of('0.25'), of('0'), of('2'), of('x'), comparisonShareOf({})]).toEqual([
    0.25,
    0,
    undefined,
    undefined,
    undefined,
  ])
})
