import { createHash } from 'node:crypto'
import {
  type BatchDeploymentSpec,
  batchSettingsOf,
  HaganeError,
  type InlineModel,
  parseReference,
  registryUri,
} from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import {
  deployedCode,
  deployedEnvironment,
  deployedModel,
  folderName,
  modelFacts,
  type ServedModel,
} from '../endpoints/index.ts'
import type { BatchFacts, BatchSources } from './types.ts'

export interface Resolving {
  blobs: BlobStore
  sources: BatchSources
}

/** `pipeline` when it names a component or a job, whether or not it says so. */
export const typeOf = (spec: BatchDeploymentSpec): 'model' | 'pipeline' =>
  spec.type ?? (spec.component !== undefined || spec.job_definition !== undefined ? 'pipeline' : 'model')

/** Every reference of a deployment as a version or digest that cannot change. Throws what the author can mend. */
export async function resolve(
  deps: Resolving,
  workspace: string,
  deployment: string,
  spec: BatchDeploymentSpec,
): Promise<BatchFacts> {
  return typeOf(spec) === 'pipeline' ? ofPipeline(deps, workspace, spec) : ofModel(deps, workspace, deployment, spec)
}

/** A digest of all that decides a result: equal content is the same revision. */
export function revisionId(place: Record<string, string>, spec: BatchDeploymentSpec, facts: BatchFacts): string {
  const { instance_count: _instances, ...resources } = spec.resources ?? {}
  const settings = JSON.parse(JSON.stringify({ ...batchSettingsOf(spec), resources }))
  const identity = { ...place, kind: 'batch', facts: JSON.parse(JSON.stringify(facts)), settings }
  return createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 16)
}

async function ofModel(
  deps: Resolving,
  workspace: string,
  deployment: string,
  spec: BatchDeploymentSpec,
): Promise<BatchFacts> {
  const model = spec.model === undefined ? undefined : await modelOf(deps, workspace, deployment, spec.model)
  const code =
    spec.code_configuration === undefined ? undefined : await deployedCode(deps.blobs, spec.code_configuration)
  if (code === undefined && model?.type !== 'mlflow_model') throw nothingToRun(model)
  const wanted = await deployedEnvironment(deps.blobs, spec.environment, model)
  const { id } = await deps.sources.environment(workspace, wanted)
  return {
    ...(model === undefined ? {} : { model: modelFacts(model), folder: await nameInModelDir(deps.blobs, model) }),
    ...(code === undefined ? {} : { code }),
    environment: id ?? wanted,
  }
}

/** Content that is not registered is named by where it lies, since a job's input refers to it. */
async function modelOf(
  { blobs, sources }: Resolving,
  workspace: string,
  deployment: string,
  model: string | InlineModel,
): Promise<ServedModel> {
  const found = await deployedModel({ blobs, models: sources.models }, workspace, deployment, model)
  const isContent = typeof model !== 'string' && parseReference(model.path).form === 'tree'
  return isContent ? { ...found, id: model.path } : found
}

/** The name under which the model was registered or uploaded: scripts look for it below AZUREML_MODEL_DIR. */
async function nameInModelDir(blobs: BlobStore, { tree, path, source = '' }: ServedModel): Promise<string> {
  if (subtree(await blobs.getTree(tree), path).length === 0)
    throw new HaganeError('not_found', `there is nothing at '${path}' of the model`, { hint: 'upload the model again' })
  return folderName(path.replace(/\/+$/, ''), source) || 'model'
}

const nothingToRun = (model: ServedModel | undefined): HaganeError =>
  new HaganeError(
    'invalid',
    model === undefined
      ? 'the deployment has neither a model nor code_configuration'
      : `a model of type ${model.type} needs code_configuration with a scoring script`,
    { hint: 'only MLflow models (type: mlflow_model) score without code' },
  )

async function ofPipeline(
  { sources }: Resolving,
  workspace: string,
  { component, job_definition }: BatchDeploymentSpec,
): Promise<BatchFacts> {
  if ((component === undefined) === (job_definition === undefined))
    throw new HaganeError('invalid', 'a pipeline deployment has either a component or a job_definition', {
      hint: 'component: azureml:<name>:<version>, or job_definition: azureml:<job>',
    })
  if (job_definition !== undefined) return ofJob(sources, workspace, job_definition)
  if (typeof component === 'object') return { inline: component, component: { digest: digestOf(component) } }
  const found = await sources.component(workspace, component as string)
  if (found.spec.type !== 'pipeline')
    throw new HaganeError('invalid', `component: ${component} is a ${found.spec.type} component`, {
      details: [{ property: 'component', message: 'another type', sent: found.spec.type, allowed: 'pipeline' }],
    })
  const shared = /^registries\/([^/]+)\/(.+)$/.exec(found.name)
  const id =
    shared === null
      ? `azureml:${found.name}:${found.version}`
      : registryUri(shared[1] as string, 'components', shared[2] as string, found.version)
  return { component: { id, digest: found.digest } }
}

async function ofJob(sources: BatchSources, workspace: string, text: string): Promise<BatchFacts> {
  const spec = await sources.jobs.specOf(workspace, text.replace(/^azureml:/, ''))
  if (spec.type !== 'pipeline')
    throw new HaganeError('invalid', `job_definition: ${text} is a ${spec.type} job`, {
      details: [{ property: 'job_definition', message: 'another type', sent: spec.type, allowed: 'pipeline' }],
    })
  const { name: _name, ...pipeline } = spec
  return { pipeline, component: { digest: digestOf(pipeline) } }
}

const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(value))))
    .digest('hex')
