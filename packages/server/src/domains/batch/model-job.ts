import {
  type BatchDeploymentSpec,
  type BatchInvocation,
  HaganeError,
  type JobInput,
  type JobSpec,
  treeUri,
} from '@hagane/contract'
import { coresOf, type FullSettings, scoringSettingsOf } from './settings.ts'
import type { BatchFacts } from './types.ts'

/** What is known of an invocation before its job. */
export interface Invocation {
  endpoint: string
  deployment: string
  revisionId: string
  batchId: string
  spec: BatchDeploymentSpec
  facts: BatchFacts
  call: BatchInvocation
  /** Name of the job. */
  name?: string
}

/** A driver that was killed goes on where it was: so often. */
const RESUMES = 20

/** The job of an invocation of a model deployment: the driver of `packages/python` as a command, so that it is a job like any other. */
export function modelJob(invocation: Invocation): JobSpec {
  const { spec, facts, call } = invocation
  const settings = scoringSettingsOf(spec, call.settings)
  const baseline = settings.drift_baseline
  return {
    ...described(invocation),
    type: 'command',
    command: commandOf(invocation, settings),
    ...(facts.code === undefined ? {} : { code: treeUri(facts.code.tree, facts.code.path) }),
    ...(facts.environment === null || facts.environment === undefined ? {} : { environment: facts.environment }),
    environment_variables: settings.environment_variables,
    ...(spec.compute === undefined ? {} : { compute: spec.compute }),
    inputs: {
      data: dataOf(call),
      ...(facts.model === undefined ? {} : { model: modelInput(facts.model) }),
      ...(baseline === undefined ? {} : { baseline: profileOf(baseline) }),
    },
    outputs: { score: scoreOf(call), report: { type: 'uri_folder' } },
    resources: { ...withoutCount(spec.resources), cpu: spec.resources?.cpu ?? coresOf(settings) },
    retry_settings: { max_retries: RESUMES, on: ['killed', 'lost'], backoff_seconds: 1 },
    is_deterministic: false,
  }
}

const withoutCount = ({
  instance_count: _count,
  instance_type: _type,
  ...rest
}: BatchDeploymentSpec['resources'] = {}) => rest

/** Name, experiment and what tells that a batch endpoint started it. */
export const described = ({ endpoint, deployment, revisionId, batchId, call, name }: Invocation) => ({
  ...(name === undefined ? {} : { name }),
  ...(call.display_name === undefined ? {} : { display_name: call.display_name }),
  ...(call.tags === undefined ? {} : { tags: call.tags }),
  experiment_name: call.experiment_name ?? endpoint,
  properties: {
    'hagane.batch.endpoint': endpoint,
    'hagane.batch.deployment': deployment,
    'hagane.batch.revision': revisionId,
    'hagane.batch.id': batchId,
  },
})

function commandOf({ facts, batchId }: Invocation, settings: FullSettings): string {
  const request = {
    ...(facts.code === undefined ? {} : { entry_script: facts.code.scoring_script }),
    model_folder: facts.folder,
    mini_batch_size: String(settings.mini_batch_size),
    error_threshold: settings.error_threshold,
    mini_batch_error_threshold: settings.mini_batch_error_threshold,
    max_retries: settings.retry_settings.max_retries,
    timeout: settings.retry_settings.timeout,
    instances: settings.instance_count,
    concurrency: settings.max_concurrency_per_instance,
    logging_level: settings.logging_level,
    output_action: settings.output_action,
    output_file_name: settings.output_file_name,
    row_ids: settings.row_ids ?? false,
    batch_id: batchId,
  }
  return [
    "python -m hagane_batch <<'HAGANE_BATCH'",
    // an expression in a setting, such as a file name, would be replaced
    JSON.stringify(request).replaceAll('$', '\\u0024'),
    '${{inputs.data}}',
    '${{outputs.score}}',
    '${{outputs.report}}',
    facts.model === undefined ? '' : '${{inputs.model}}',
    settings.drift_baseline === undefined ? '' : '${{inputs.baseline}}',
    'HAGANE_BATCH',
  ].join('\n')
}

/** Azure ML takes one input of a model deployment, whatever its name. */
function dataOf({ inputs }: BatchInvocation): JobInput {
  const given = Object.entries(inputs ?? {})
  const [first] = given
  if (first === undefined || given.length > 1)
    throw new HaganeError('invalid', `inputs: a model deployment scores one input, and ${given.length} were sent`, {
      details: [{ property: 'inputs', message: 'exactly one', sent: given.map(([name]) => name) }],
      hint: 'give it with --input, or as the only input of the file',
    })
  const [name, input] = first
  if (typeof input === 'object' && input !== null && input.path !== undefined)
    return { ...(input.type === undefined ? {} : { type: input.type }), path: input.path, mode: 'ro_mount' }
  throw new HaganeError('invalid', `inputs.${name}: the path to data is needed`, {
    details: [{ property: `inputs.${name}.path`, message: 'required', sent: input }],
    hint: 'write { type: uri_folder, path: … }',
  })
}

function modelInput(model: NonNullable<BatchFacts['model']>): JobInput {
  const isNamed = /^(azureml:(?!\/\/)|models:\/|azureml:\/\/registries\/)/.test(model.id)
  const type = model.type === 'mlflow_model' ? 'mlflow_model' : 'custom_model'
  return { type, path: isNamed ? model.id : treeUri(model.tree, model.path), mode: 'ro_mount' }
}

const profileOf = (job: string): JobInput => ({
  type: 'uri_file',
  path: `azureml://jobs/${job.replace(/^azureml:/, '')}/outputs/report/paths/profile.json`,
  mode: 'ro_mount',
})

function scoreOf({ outputs }: BatchInvocation) {
  const other = Object.keys(outputs ?? {}).find(name => name !== 'score')
  if (other !== undefined)
    throw new HaganeError('invalid', `outputs.${other}: a model deployment has no such output`, {
      details: [{ property: `outputs.${other}`, message: 'unknown', allowed: ['score'] }],
    })
  return { ...outputs?.score, type: 'uri_folder' as const }
}
