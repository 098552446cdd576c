import { type BatchDeployment, type BatchDeploymentSpec, batchDeploymentSpec, batchRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags, notWithFile } from './asset-flags.ts'
import { changedSpec, deploymentParams } from './deployment-changes.ts'
import { jobColumns } from './job-flags.ts'
import { collect } from './pages.ts'

const endpointName = requiredText('-e, --endpoint-name <name>', 'name of the endpoint')
const deploymentName = requiredText('-n, --name <name>', 'name of the deployment')
const accepted = {
  noWait: toggle('--no-wait', 'accepted', { ignored: true }),
  skipScriptValidation: toggle('--skip-script-validation', 'accepted', { ignored: true }),
}

const columns: readonly Column<BatchDeployment>[] = [
  ['Name', deployment => deployment.name],
  ['Endpoint', deployment => deployment.endpoint_name],
  ['Type', deployment => deployment.type],
  ['State', deployment => deployment.provisioning_state],
  ['Model', deployment => deployment.revision.model?.id ?? deployment.revision.component?.id],
  ['Created', deployment => deployment.creation_context.created_at],
]

const create = verb({
  name: 'create',
  summary: 'Create a deployment at a batch endpoint',
  examples: [
    'hagane batch-deployment create -f deployment.yml --set-default',
    'hagane batch-deployment create -f deployment.yml -e scoring -n green',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the deployment'),
    endpointName: text('-e, --endpoint-name <name>', 'name of the endpoint'),
    setDefault: toggle('--set-default', 'make it the default of the endpoint'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    ...accepted,
  },
  run: async (call, options) => {
    const { file, set, name } = options
    const overrides = { name, endpoint_name: options.endpointName }
    const body = await loadResource(call, 'batch-deployment', { file, set, overrides })
    const params = deploymentParams('batch-deployment create', options, body)
    const query = { set_default: String(options.setDefault) }
    await call.print(await call.client.call(batchRoutes.createDeployment, { params, query, body }), columns)
  },
})

const update = verb({
  name: 'update',
  summary: 'Change a deployment; jobs that run already are not touched',
  examples: ['hagane batch-deployment update -e scoring -n green --set settings.mini_batch_size=20'],
  flags: {
    name: text('-n, --name <name>', 'name of the deployment'),
    endpointName: text('-e, --endpoint-name <name>', 'name of the endpoint'),
    file: text('-f, --file <path>', 'YAML specification with the new state'),
    ...changeFlags,
    ...accepted,
  },
  run: async (call, options) => {
    notWithFile(options)
    const { file, set } = options
    const overrides = { name: options.name, endpoint_name: options.endpointName }
    const read = file === undefined ? {} : await loadResource(call, 'batch-deployment', { file, set, overrides })
    const params = deploymentParams('batch-deployment update', options, read)
    const body =
      file === undefined
        ? changedSpec<BatchDeploymentSpec>(
            batchDeploymentSpec,
            await call.client.call(batchRoutes.showDeployment, { params }),
            options,
          )
        : read
    await call.print(await call.client.call(batchRoutes.createDeployment, { params, query: {}, body }), columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a deployment of a batch endpoint',
  examples: ['hagane batch-deployment show -e scoring -n green --query settings'],
  flags: { name: deploymentName, endpointName },
  run: async (call, { name: deployment, endpointName: name }) => {
    await call.print(await call.client.call(batchRoutes.showDeployment, { params: { name, deployment } }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List the deployments of a batch endpoint',
  examples: ['hagane batch-deployment list -e scoring -o table'],
  flags: { endpointName },
  run: async (call, options) => {
    const { items } = await call.client.call(batchRoutes.listDeployments, { params: { name: options.endpointName } })
    await call.print(items, columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a deployment that is not the default; the jobs that it started stay',
  examples: ['hagane batch-deployment delete -e scoring -n green --yes'],
  flags: { name: deploymentName, endpointName, yes: toggle('-y, --yes', 'do not ask'), noWait: accepted.noWait },
  run: async (call, { name: deployment, endpointName: name, yes }) => {
    await confirm(`Delete the deployment ${deployment} of ${name}?`, yes, call.surroundings)
    await call.client.call(batchRoutes.deleteDeployment, { params: { name, deployment } })
  },
})

const listJobs = verb({
  name: 'list-jobs',
  summary: 'List the jobs that a deployment ran, newest first',
  examples: ['hagane batch-deployment list-jobs -e scoring -n green --query "[].name"'],
  flags: { name: deploymentName, endpointName, maxResults: count('--max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const params = { name: options.endpointName }
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    const jobs = await collect(most, page =>
      call.client.call(batchRoutes.listJobs, { params, query: { ...page, deployment_name: options.name } }),
    )
    await call.print(jobs, jobColumns)
  },
})

export const noun: Noun = {
  name: 'batch-deployment',
  summary: 'Manage the deployments of batch endpoints',
  verbs: [create, update, show, listVerb, remove, listJobs],
}
