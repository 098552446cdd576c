import { join } from 'node:path'
import {
  type GatewayRuntime,
  HaganeError,
  type InlineModel,
  isSafeTreePath,
  type OnlineDeploymentSpec,
  parseReference,
} from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { serverOf } from './command-runtime.ts'
import { folderOf, modelFolder } from './content.ts'
import { environmentOfTree } from './model-environment.ts'
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
  const model = spec.model === undefined ? undefined : await resolveModel(deps, workspace, deployment, spec.model)
  const onnx = await onnxOf(deps.blobs, spec, model)
  if (model !== undefined && onnx !== undefined) return prepareOnnx(deps.blobs, order, model, onnx)
  const wanted = await environmentFor(deps.blobs, spec, model)
  const { id, inferenceConfig } = await deps.environments.plan(workspace, wanted)
  const server = serverOf(spec, inferenceConfig, model?.type === 'mlflow_model')
  const built = await deps.environments.ensureBuilt(workspace, wanted, { signal, actor })
  const { runtime, code } = await layOut(deps.blobs, spec, model, built.python, server)
  const facts: RevisionFacts = {
    ...(model === undefined ? {} : { model: factsOf(model) }),
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
    model: factsOf(model),
    environment: { lock_digest: onnxLock },
    environment_variables: variablesOf(spec),
  }
  const columns = onnx.columns === undefined ? {} : { columns: onnx.columns }
  const model_file = join(folder.model, onnx.file)
  const runtime: GatewayRuntime = { kind: 'onnx', model_file, model_dir: folder.parent, ...columns }
  return { workspace, endpoint, deployment, spec, facts, runtime }
}

const factsOf = ({ id, name, version, type, tree, path, runId }: ServedModel): RevisionFacts['model'] => ({
  ...{ id, name, version, type, tree, path },
  ...(runId === undefined ? {} : { run_id: runId }),
})

async function resolveModel(
  { blobs, models }: PrepareDeps,
  workspace: string,
  deployment: string,
  model: string | InlineModel,
): Promise<ServedModel> {
  if (typeof model === 'string') return models.resolve(workspace, model)
  const reference = parseReference(model.path)
  if (reference.form !== 'tree') {
    const found = await models.resolve(workspace, model.path)
    return { ...found, type: model.type ?? found.type }
  }
  const { digest: tree, path } = reference
  const holdsMlmodel = subtree(await blobs.getTree(tree), path).some(entry => entry.path === 'MLmodel')
  const name = model.name ?? deployment
  const version = model.version ?? tree.slice(0, 12)
  const type = model.type ?? (holdsMlmodel ? 'mlflow_model' : 'custom_model')
  return { id: `azureml:${name}:${version}`, name, version, type, tree, path }
}

/** An MLflow model brings its environment; a script that names none runs on plain Python. */
async function environmentFor(blobs: BlobStore, spec: OnlineDeploymentSpec, model: ServedModel | undefined) {
  if (spec.environment !== undefined) return spec.environment
  if (model?.type === 'mlflow_model') return environmentOfTree(blobs, model.tree, model.path)
  return null
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
  const code = await codeOf(blobs, spec)
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
async function codeOf(blobs: BlobStore, spec: OnlineDeploymentSpec) {
  if (spec.code_configuration === undefined) return undefined
  const { code, scoring_script } = spec.code_configuration
  const source = parseReference(code)
  if (source.form !== 'tree') throw notUploaded(code)
  const { folder, tree } = await folderOf(blobs, source.digest, source.path)
  await scriptMustExist(blobs, tree, scoring_script)
  return { folder, facts: { tree, path: '', scoring_script } }
}

async function scriptMustExist(blobs: BlobStore, tree: string, script: string): Promise<void> {
  const paths = (await blobs.getTree(tree)).entries.map(entry => entry.path)
  if (isSafeTreePath(script) && paths.includes(script)) return
  throw new HaganeError('invalid', `code_configuration.scoring_script: '${script}' is not in the code`, {
    hint: 'the path is relative to code_configuration.code',
    details: [
      {
        property: 'code_configuration.scoring_script',
        message: 'no such file in the code',
        sent: script,
        allowed: paths.filter(path => path.endsWith('.py')).slice(0, 20),
      },
    ],
  })
}

const notUploaded = (code: string): HaganeError =>
  new HaganeError('invalid', `code_configuration.code: '${code}' is not content that the server holds`, {
    hint: 'upload it first (the CLI does), and send hagane://trees/<digest>',
  })

const nothingToRun = (model: ServedModel | undefined): HaganeError =>
  new HaganeError(
    'invalid',
    model === undefined
      ? 'the deployment has neither a model nor code_configuration'
      : `a model of type ${model.type} needs code_configuration with a scoring script`,
    { hint: 'MLflow models (type: mlflow_model) and ONNX files are served without code' },
  )
