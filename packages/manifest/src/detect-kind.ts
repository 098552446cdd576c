import type { ManifestKind } from './kinds.ts'
import { isMap, own, type YamlMap } from './tree.ts'

/** Names of Azure ML's JSON schemas, as they stand in `$schema` before `.schema.json` or `.json`. */
const schemaNames: [RegExp, ManifestKind][] = [
  [/^(command|pipeline|sweep|spark|autoML|parallel|finetuning|distillation)Job/i, 'job'],
  [/^(command|pipeline|spark|parallel)Component$/i, 'component'],
  [/^data$/i, 'data'],
  [/^environment$/i, 'environment'],
  [/^model$/i, 'model'],
  [/OnlineEndpoint$/i, 'online-endpoint'],
  [/OnlineDeployment$/i, 'online-deployment'],
  [/^batchEndpoint$/i, 'batch-endpoint'],
  [/^(model|pipelineComponent)?BatchDeployment$/i, 'batch-deployment'],
  [/^workspace$/i, 'workspace'],
  [/^expectations$/i, 'expectations'],
  [/^gate$/i, 'gate'],
  [/^rollout$/i, 'rollout'],
  [/(^azure(Blob|File|DataLake)|datastore)/i, 'datastore'],
  [/^registry$/i, 'registry'],
  [/^subscription$/i, 'subscription'],
  [/^alertRule$/i, 'alert-rule'],
  [/^monitor(Schedule)?$/i, 'monitor'],
  [/^(data)?schedule$/i, 'schedule'],
  [/^rule$/i, 'rule'],
  [/^(compute|amlCompute|computeInstance|virtualMachine|kubernetesCompute|synapseSpark)/i, 'compute'],
]

const typeNames: [RegExp, ManifestKind][] = [
  [/^(automl|finetuning(_job)?|distillation|data_transfer)$/, 'job'],
  [/^(uri_file|uri_folder|mltable)$/, 'data'],
  [/^(custom|mlflow|triton)_model$/, 'model'],
  [/^(amlcompute|computeinstance|virtualmachine|kubernetes|synapsespark)$/, 'compute'],
  [/^(azure_(blob|file|data_lake_gen[12])|one_lake|s3)$/, 'datastore'],
]

const hinted = (table: [RegExp, ManifestKind][], name: string): ManifestKind | undefined =>
  table.find(([pattern]) => pattern.test(name))?.[1]

/** A deployment that says how it scores files, or runs a component. */
function isBatch(map: YamlMap): boolean {
  const keys = ['settings', 'mini_batch_size', 'output_action', 'component', 'job_definition', 'compute']
  return ['model', 'pipeline'].includes(String(own(map, 'type'))) || keys.some(key => Object.hasOwn(map, key))
}

function fromShape(map: YamlMap): ManifestKind | undefined {
  const has = (...keys: string[]) => keys.some(key => Object.hasOwn(map, key))
  if (has('endpoint_name', 'code_configuration')) return isBatch(map) ? 'batch-deployment' : 'online-deployment'
  if (has('create_monitor')) return 'monitor'
  if (has('create_job', 'import_data')) return 'schedule'
  if (has('channel')) return 'subscription'
  if (has('on') && has('at_least', 'absent_for', 'severity', 'resolve_on')) return 'alert-rule'
  if (has('on') && has('do')) return 'rule'
  if (has('replication_locations')) return 'registry'
  if (has('auth_mode', 'traffic')) return 'online-endpoint'
  const type = own(map, 'type')
  const byType = typeof type === 'string' ? hinted(typeNames, type) : undefined
  if (byType !== undefined) return byType
  if (has('command', 'jobs', 'trial', 'component', 'entry', 'entry_points'))
    return has('version', 'is_deterministic') ? 'component' : 'job'
  return has('image', 'conda_file', 'build') ? 'environment' : undefined
}

/** Azure ML manifests of other kinds, whose shape resembles one that is known here. */
const otherNames = /Connection|Import|Package|Serverless|Flow|^Run$/i

/** The name in `$schema`, e.g. `commandJob`; an empty text when there is none. */
export function schemaName(root: YamlMap): string {
  const schema = own(root, '$schema')
  return typeof schema === 'string' ? (/([A-Za-z]+)(?:\.schema)?\.json\s*$/.exec(schema.slice(-200))?.[1] ?? '') : ''
}

/** What a manifest is: by its `$schema` when that names a kind, else by its shape and `type`. */
export function detectKind(root: unknown): ManifestKind | undefined {
  if (!isMap(root)) return undefined
  const name = schemaName(root)
  if (otherNames.test(name)) return undefined
  const kind = hinted(schemaNames, name) ?? fromShape(root)
  // Azure ML has one schema for both
  return kind === 'schedule' && Object.hasOwn(root, 'create_monitor') ? 'monitor' : kind
}
