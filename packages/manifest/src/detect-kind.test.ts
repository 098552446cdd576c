import { expect, test } from 'vitest'
import { detectKind } from './detect-kind.ts'

const schema = (name: string) => ({ $schema: `https://azuremlschemas.azureedge.net/latest/${name}.schema.json ` })

test.each([
  ['the schema of a job', schema('commandJob'), 'job'],
  ['an old schema address', { $schema: 'http://azureml/sdk-2-0/CommandComponent.json' }, 'component'],
  ['the schema of an endpoint', schema('managedOnlineEndpoint'), 'online-endpoint'],
  ['the schema of a deployment', schema('kubernetesOnlineDeployment'), 'online-deployment'],
  ['the schema of a batch deployment', { ...schema('modelBatchDeployment'), endpoint_name: 'e' }, 'batch-deployment'],
  ['the schema of a pipeline deployment', schema('pipelineComponentBatchDeployment'), 'batch-deployment'],
  ['the schema of a batch endpoint', schema('batchEndpoint'), 'batch-endpoint'],
  ['settings of scoring', { endpoint_name: 'e', mini_batch_size: 10 }, 'batch-deployment'],
  ['a component behind an endpoint', { endpoint_name: 'e', component: 'azureml:c:1' }, 'batch-deployment'],
  ['the schema of a datastore', schema('azureBlob'), 'datastore'],
  ['the schema of a compute', schema('amlCompute'), 'compute'],
  ['the schema of a workspace', schema('workspace'), 'workspace'],
  ['the schema of a registry', schema('registry'), 'registry'],
  ['the schema of a schedule', schema('schedule'), 'schedule'],
  ['a job to create', { create_job: './job.yml' }, 'schedule'],
  ['a command', { command: 'ls' }, 'job'],
  ['a command with a version', { command: 'ls', version: 1 }, 'component'],
  ['a pipeline', { type: 'pipeline', jobs: {} }, 'job'],
  ['a data type', { type: 'uri_folder' }, 'data'],
  ['a model type', { type: 'mlflow_model' }, 'model'],
  ['an image', { image: 'debian' }, 'environment'],
  ['an endpoint name', { endpoint_name: 'e' }, 'online-deployment'],
  ['an authentication mode', { auth_mode: 'key' }, 'online-endpoint'],
  ['a cluster', { type: 'amlcompute' }, 'compute'],
  ['a storage account', { type: 'azure_blob' }, 'datastore'],
  ['nothing known', { name: 'x' }, undefined],
  ['a text', 'x', undefined],
])('%s', (_, root, kind) => {
  expect(detectKind(root)).toBe(kind)
})
