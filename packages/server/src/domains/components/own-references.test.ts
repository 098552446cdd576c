import type { ComponentSpec } from '@hagane/contract'
import { expect, it } from 'vitest'
import { refuseOwnReferences } from './own-references.ts'

const pipeline = (node: object): ComponentSpec =>
  ({ type: 'pipeline', jobs: { count: { type: 'command', command: 'true', ...node } } }) as unknown as ComponentSpec

it.each([
  [{ environment: 'azureml:plain:1' }, 'jobs.count.environment'],
  [{ environment: 'plain@latest' }, 'jobs.count.environment'],
  [{ component: 'count:1' }, 'jobs.count.component'],
  [{ inputs: { rows: { type: 'uri_file', path: 'azureml:rows:1' } } }, 'jobs.count.inputs.rows.path'],
  [{ inputs: { rows: 'azureml:rows:1' } }, 'jobs.count.inputs.rows'],
  [{ inputs: { rows: { path: 'azureml://datastores/lake/paths/rows.csv' } } }, 'jobs.count.inputs.rows.path'],
  [{ inputs: { rows: { path: 'models:/flights/1' } } }, 'jobs.count.inputs.rows.path'],
])('a registry takes no component with %j', (node, property) => {
  expect(() => refuseOwnReferences(pipeline(node), 'shared')).toThrow(`component: ${property}: `)
})

it.each([
  { environment: 'azureml://registries/shared/environments/plain/versions/1' },
  { environment: 'azureml:AzureML-sklearn-1.5@latest' },
  { environment: { image: 'python' } },
  { inputs: { rows: '${{parent.inputs.rows}}', rate: 'plain:1', more: { path: 'https://example.org/a.csv' } } },
  { display_name: 'azureml:rows:1', compute: 'azureml:cpu-cluster' },
])('and takes one with %j', node => {
  expect(() => refuseOwnReferences(pipeline(node), 'shared')).not.toThrow()
})
