import { setTimeout as pause } from 'node:timers/promises'
import { HaganeError, onlineDeploymentSpec, type PackagedModel } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { environmentOfTree } from './model-environment.ts'
import { type OnnxContent, onnxOf } from './onnx-runtime.ts'
import type { EnvironmentSource, ModelSource, ServedModel } from './types.ts'

interface Deps {
  blobs: BlobStore
  models: ModelSource
  environments: EnvironmentSource
}

/** An answer is not held back longer than this; the build goes on and the next question finds it further. */
const waitMs = 20_000

/**
 * What a package of a model holds: its content by digest and the lock of its environment, which is the one a deployment
 * of it gets. Throws what the author can mend.
 */
export async function packagedModel(
  { blobs, models, environments }: Deps,
  { workspace, actor }: { workspace: string; actor: string },
  asked: { model: string; environment?: string | undefined; with_code?: boolean | undefined },
): Promise<PackagedModel> {
  const found = await models.resolve(workspace, asked.model)
  const path = found.path.replace(/\/+$/, '')
  const { entries } = await blobs.getTree(found.tree)
  const isMlflow = subtree({ entries }, path).some(entry => entry.path === 'MLmodel')
  const isOwn = asked.environment !== undefined || asked.with_code === true
  const onnx = isOwn ? undefined : await servedOnnx(blobs, found, isMlflow)
  const model = {
    ...{ id: found.id, name: found.name, version: found.version, tree: found.tree, path },
    type: isMlflow ? 'mlflow_model' : found.type,
    is_file: entries.some(entry => entry.path === path),
    ...(found.runId === undefined ? {} : { run_id: found.runId }),
    ...(onnx === undefined ? {} : { onnx }),
  }
  if (onnx !== undefined) return { state: 'ready', model }
  const wanted = asked.environment ?? (isMlflow ? await environmentOfTree(blobs, found.tree, path) : undefined)
  if (wanted === undefined) return { state: 'ready', model }
  const { id } = await environments.plan(workspace, wanted)
  const building = environments.ensureBuilt(workspace, wanted, { actor })
  // a failure after the answer is told to whoever asks next: the build is tried again then
  building.catch(() => undefined)
  const built = await Promise.race([building, pause(waitMs, undefined, { ref: false })])
  if (built === undefined) return { state: 'building', model }
  const lock = await environments.readLock(built.lockDigest)
  const environment = { lock_digest: built.lockDigest, python: lock.python, lock: lock.text }
  return { state: 'ready', model, environment: { ...environment, ...(id === undefined ? {} : { id }) } }
}

/** The ONNX file that a deployment of the model would serve; of several none is, and they need a script. */
async function servedOnnx(blobs: BlobStore, found: ServedModel, isMlflow: boolean): Promise<OnnxContent | undefined> {
  const type = isMlflow ? 'mlflow_model' : found.type
  return onnxOf(blobs, onlineDeploymentSpec.parse({}), { ...found, type }).catch((error: unknown) => {
    if (error instanceof HaganeError && error.kind === 'invalid') return undefined
    throw error
  })
}
