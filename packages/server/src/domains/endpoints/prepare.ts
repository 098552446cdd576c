import { join } from 'node:path'
import { type GatewayRuntime, HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { serverOf } from './command-runtime.ts'
import { folderOf, modelFolder } from './content.ts'
import { deployedCode, deployedEnvironment, deployedModel, modelFacts } from './deployed-content.ts'
import { type OnnxContent, onnxLock, onnxOf } from './onnx-runtime.ts'
import { pickleOf } from './pickle-runtime.ts'
import { type Prepared, type RevisionFacts, variablesOf } from './revision.ts'
import type { EnvironmentSource, ModelSource, ServedModel } from './types.ts'

export interface PrepareDeps {
  blobs: BlobStore
  models: ModelSource
  environments: EnvironmentSource
}

interface Order {
  workspace: string
  actor: string
  endpoint: string
  deployment: string
  spec: OnlineDeploymentSpec
}

/**
 * Resolves model, environment and code to content, builds the environment and lays out the folders. Slow the first time,
 * quick when all is there, and safe to repeat. Throws what the author can mend.
 */
export async function prepare(deps: PrepareDeps, order: Order, signal: AbortSignal): Promise<Prepared> {
  const { workspace, actor, endpoint, deployment, spec } = order
  const model = spec.model === undefined ? undefined : await deployedModel(deps, workspace, deployment, spec.model)
  const onnx = await onnxOf(deps.blobs, spec, model)
  if (model !== undefined && onnx !== undefined) return prepareOnnx(deps.blobs, order, model, onnx)
  const wanted = await deployedEnvironment(deps.blobs, spec.environment, model)
  const { id, inferenceConfig } = await deps.environments.plan(workspace, wanted)
  const server = serverOf(spec, inferenceConfig, model?.type === 'mlflow_model')
  const built = await deps.environments.ensureBuilt(workspace, wanted, { signal, actor })
  const { runtime, code } = await layOut(deps.blobs, spec, model, built.python, server)
  const facts: RevisionFacts = {
    ...(model === undefined ? {} : { model: modelFacts(model) }),
    environment: { ...(id === undefined ? {} : { id }), lock_digest: built.lockDigest },
    ...(code === undefined ? {} : { code }),
    environment_variables: variablesOf(spec),
  }
  return { workspace, endpoint, deployment, spec, facts, runtime }
}

/** The gateway runs the model itself: no Python, no environment to build. */
async function prepareOnnx(blobs: BlobStore, order: Order, model: ServedModel, onnx: OnnxContent): Promise<Prepared> {
  const { workspace, endpoint, deployment, spec } = order
  const folder = await modelFolder(blobs, model)
  const facts: RevisionFacts = {
    model: modelFacts(model),
    environment: { lock_digest: onnxLock },
    environment_variables: variablesOf(spec),
  }
  const columns = onnx.columns === undefined ? {} : { columns: onnx.columns }
  const model_file = join(folder.model, onnx.file)
  const runtime: GatewayRuntime = { kind: 'onnx', model_file, model_dir: folder.parent, ...columns }
  return { workspace, endpoint, deployment, spec, facts, runtime }
}

interface Layout {
  runtime: GatewayRuntime
  code?: NonNullable<RevisionFacts['code']>
}

async function layOut(
  blobs: BlobStore,
  spec: OnlineDeploymentSpec,
  model: ServedModel | undefined,
  python: string,
  server: ReturnType<typeof serverOf>,
): Promise<Layout> {
  const folder = model === undefined ? undefined : await modelFolder(blobs, model)
  const model_dir = folder === undefined ? {} : { model_dir: folder.parent }
  const code = await layOutCode(blobs, spec)
  const place = code === undefined ? {} : { code_dir: code.folder, scoring_script: code.facts.scoring_script }
  const facts = code === undefined ? {} : { code: code.facts }
  if (server !== undefined) return { runtime: { kind: 'command', python, ...server, ...place, ...model_dir }, ...facts }
  if (code !== undefined) {
    const { folder: code_dir, facts: known } = code
    const { scoring_script } = known
    return { runtime: { kind: 'python-score', python, code_dir, scoring_script, ...model_dir }, ...facts }
  }
  const pickle = folder === undefined || model === undefined ? undefined : await pickleIn(blobs, spec, model)
  if (folder !== undefined && pickle !== undefined)
    return {
      runtime: { kind: 'python-pickle', python, model_file: join(folder.model, pickle), model_dir: folder.parent },
    }
  if (folder === undefined || model?.type !== 'mlflow_model') throw nothingToRun(model)
  return { runtime: { kind: 'python-mlflow', python, model_dir: folder.model } }
}

/** Path of the pickle below the model; empty when the model is that file. */
async function pickleIn(blobs: BlobStore, spec: OnlineDeploymentSpec, model: ServedModel): Promise<string | undefined> {
  if (model.type === 'mlflow_model') return undefined
  const path = model.path.replace(/\/+$/, '')
  const { entries } = await blobs.getTree(model.tree)
  const isFile = entries.some(entry => entry.path === path)
  const paths = isFile ? [path] : subtree({ entries }, path).map(entry => entry.path)
  const found = pickleOf(spec, model, paths)
  return isFile && found !== undefined ? '' : found
}

/** The code laid out, and what is kept of it. */
async function layOutCode(blobs: BlobStore, { code_configuration }: OnlineDeploymentSpec) {
  if (code_configuration === undefined) return undefined
  const { tree: uploaded, path, scoring_script } = await deployedCode(blobs, code_configuration)
  const { folder, tree } = await folderOf(blobs, uploaded, path)
  return { folder, facts: { tree, path: '', scoring_script } }
}

const nothingToRun = (model: ServedModel | undefined): HaganeError =>
  new HaganeError(
    'invalid',
    model === undefined
      ? 'the deployment has neither a model nor code_configuration'
      : `a model of type ${model.type} needs code_configuration with a scoring script`,
    { hint: 'MLflow models (type: mlflow_model) and ONNX files are served without code' },
  )
