import type { DeploymentRevision, EnvironmentSpec, PredictionRecord } from '@hagane/contract'

/** A model by its content, wherever it is registered. */
export interface ServedModel {
  /** `azureml:<name>:<version>`; of a model that is not registered, its name and the beginning of its digest. */
  id: string
  name: string
  version: string
  type: string
  tree: string
  /** Below the tree; its last part stays visible in AZUREML_MODEL_DIR. */
  path: string
  runId?: string
  /** Where the content was registered from; its last part is the folder's name when `path` says none. */
  source?: string
}

/** What the models domain has to answer. */
export interface ModelSource {
  /** `azureml:name:version`, `@label`, `models:/…`, or a path in another domain's keeping. Throws not_found or invalid. */
  resolve(workspace: string, reference: string): Promise<ServedModel>
}

/** Routes and ports of the server that an environment's image brings. */
export type InferenceConfig = NonNullable<EnvironmentSpec['inference_config']>

/** What the environments domain has to answer. null is plain Python. */
export interface EnvironmentSource {
  plan(
    workspace: string,
    environment: string | EnvironmentSpec | null,
  ): Promise<{ id?: string; inferenceConfig?: InferenceConfig }>
  ensureBuilt(
    workspace: string,
    environment: string | EnvironmentSpec | null,
    options: { onLog?: (line: string) => void; signal?: AbortSignal; actor?: string },
  ): Promise<{ python: string; lockDigest: string }>
  /** The text of a lock and its full Python version. */
  readLock(digest: string): Promise<{ python: string; text: string }>
}

/** A recorded prediction and what answered it. */
export interface Prediction {
  prediction: PredictionRecord
  revision?: DeploymentRevision
}
