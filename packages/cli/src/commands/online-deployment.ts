import {
  endpointRoutes,
  HaganeError,
  type OnlineDeployment,
  type OnlineDeploymentSpec,
  onlineDeploymentSpec,
} from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Invocation, type Noun, verb } from '../invocation.ts'
import type { Changes } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags, notWithFile } from './asset-flags.ts'
import { changedSpec, deploymentParams } from './deployment-changes.ts'
import { waitForDeployment } from './online-deployment-wait.ts'

const endpointName = requiredText('-e, --endpoint-name <name>', 'name of the endpoint')
const deploymentName = requiredText('-n, --name <name>', 'name of the deployment')
const local = toggle('--local [bool]', 'accepted; every deployment is local here', { ignored: true })
const noWait = toggle('--no-wait', 'do not wait until it serves')
const accepted = {
  local,
  vscodeDebug: toggle('--vscode-debug [bool]', 'accepted', { ignored: true }),
  skipScriptValidation: toggle('--skip-script-validation', 'accepted', { ignored: true }),
  web: toggle('--web', 'accepted', { ignored: true }),
}

const columns: readonly Column<OnlineDeployment>[] = [
  ['Name', deployment => deployment.name],
  ['Endpoint', deployment => deployment.endpoint_name],
  ['State', deployment => deployment.provisioning_state],
  ['Model', deployment => deployment.revision?.model?.id],
  ['Instances', deployment => deployment.instance_count],
  ['Created', deployment => deployment.creation_context.created_at],
]

const create = verb({
  name: 'create',
  summary: 'Create a deployment at an endpoint and wait until it serves',
  examples: [
    'hagane online-deployment create -f blue.yml --all-traffic',
    'hagane online-deployment create -f green.yml -e flights -n green',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the deployment'),
    endpointName: text('-e, --endpoint-name <name>', 'name of the endpoint'),
    allTraffic: toggle('--all-traffic', 'give it 100 % of the traffic once it serves'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    noWait,
    ...accepted,
  },
  run: async (call, options) => {
    const { file, set, name } = options
    const overrides = { name, endpoint_name: options.endpointName }
    const body = await loadResource(call, 'online-deployment', { file, set, overrides })
    const params = deploymentParams('online-deployment create', options, body)
    const query = { all_traffic: String(options.allTraffic) }
    const deployment = await call.client.call(endpointRoutes.createDeployment, { params, query, body })
    await finish(call, deployment, options.noWait)
  },
})

async function finish(call: Invocation, deployment: OnlineDeployment, noWait: boolean): Promise<void> {
  await call.print(noWait ? deployment : await waitForDeployment(call, deployment), columns)
}

const update = verb({
  name: 'update',
  summary: 'Change a deployment; it goes on serving until the new state serves',
  examples: [
    'hagane online-deployment update -e flights -n blue --instance-count 4',
    'hagane online-deployment update -f blue.yml',
  ],
  flags: {
    name: text('-n, --name <name>', 'name of the deployment'),
    endpointName: text('-e, --endpoint-name <name>', 'name of the endpoint'),
    file: text('-f, --file <path>', 'YAML specification with the new state'),
    instanceCount: count('--instance-count <n>', 'number of workers'),
    ...changeFlags,
    noWait,
    ...accepted,
  },
  run: async (call, options) => {
    const { file, set } = options
    notWithFile(options)
    const { name, endpointName: endpoint_name, instanceCount: instance_count } = options
    const overrides = { name, endpoint_name, instance_count }
    const loaded =
      file === undefined ? undefined : await loadResource(call, 'online-deployment', { file, set, overrides })
    const params = deploymentParams('online-deployment update', options, loaded)
    const body = loaded ?? (await changedDeployment(call, params, options))
    await finish(call, await call.client.call(endpointRoutes.createDeployment, { params, body }), options.noWait)
  },
})

async function changedDeployment(
  call: Invocation,
  params: { name: string; deployment: string },
  changes: Changes & { instanceCount: number | undefined },
): Promise<OnlineDeploymentSpec> {
  const current = await call.client.call(endpointRoutes.showDeployment, { params })
  const { instanceCount } = changes
  const set = [...changes.set, ...(instanceCount === undefined ? [] : [`instance_count=${instanceCount}`])]
  return changedSpec(onlineDeploymentSpec, current, { ...changes, set })
}

const show = verb({
  name: 'show',
  summary: 'Show a deployment',
  examples: ['hagane online-deployment show -e flights -n blue --query provisioning_state -o tsv'],
  flags: { endpointName, name: deploymentName, local, web: accepted.web },
  run: async (call, options) => {
    const params = deploymentParams('online-deployment show', options)
    await call.print(await call.client.call(endpointRoutes.showDeployment, { params }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List the deployments of an endpoint',
  examples: ['hagane online-deployment list -e flights -o table'],
  flags: { endpointName, local },
  run: async (call, options) => {
    const params = { name: options.endpointName }
    await call.print((await call.client.call(endpointRoutes.listDeployments, { params })).items, columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a deployment that takes no traffic',
  examples: ['hagane online-deployment delete -e flights -n blue --yes'],
  flags: {
    endpointName,
    name: deploymentName,
    yes: toggle('-y, --yes', 'do not ask'),
    local,
    noWait: toggle('--no-wait', 'accepted', { ignored: true }),
  },
  run: async (call, options) => {
    await confirm(`Delete the deployment ${options.name} of ${options.endpointName}?`, options.yes, call.surroundings)
    await call.client.call(endpointRoutes.deleteDeployment, {
      params: deploymentParams('online-deployment delete', options),
    })
  },
})

const mostLines = 5000

/** What a deployment's workers were given, one line each; why there is nothing, when nothing could be given. */
function laidOut({ error, revision }: OnlineDeployment): string {
  if (revision === undefined) return `${error?.message ?? 'nothing is laid out yet'}\n`
  const { code, created_at, environment, model, revision_id } = revision
  const lines = [
    `revision ${revision_id}, laid out ${created_at}`,
    ...(model === undefined ? [] : [`model ${model.id} (tree ${model.tree}${model.path && `, ${model.path}`})`]),
    ...(code === undefined ? [] : [`code ${code.scoring_script} (tree ${code.tree})`]),
    `environment ${environment.id ?? 'of its own'} (lock ${environment.lock_digest})`,
  ]
  return `${lines.join('\n')}\n`
}

const getLogs = verb({
  name: 'get-logs',
  summary: 'Print the last lines of the log of a deployment',
  examples: ['hagane online-deployment get-logs -e flights -n blue --lines 100'],
  flags: {
    endpointName,
    name: deploymentName,
    lines: count('-l, --lines <n>', 'how many lines at most (default: 50)'),
    container: text(
      '-c, --container <type>',
      'whose log: that of the workers (default), or what was laid out for them',
      {
        choices: ['inference-server', 'storage-initializer'],
      },
    ),
    local,
  },
  run: async (call, options) => {
    if (options.lines === 0) throw new HaganeError('invalid', '--lines takes 1 or more')
    const query = { lines: Math.min(options.lines ?? 50, mostLines) }
    const params = deploymentParams('online-deployment get-logs', options)
    const content =
      options.container === 'storage-initializer'
        ? laidOut(await call.client.call(endpointRoutes.showDeployment, { params }))
        : (await call.client.call(endpointRoutes.deploymentLogs, { params, query })).content
    if (call.likeAz || call.resultIsWanted) return call.print(content)
    call.surroundings.stdout.write(content.endsWith('\n') || content === '' ? content : `${content}\n`)
  },
})

export const noun: Noun = {
  name: 'online-deployment',
  summary: 'Manage the deployments of online endpoints',
  verbs: [create, update, show, listVerb, remove, getLogs],
}
