import { type EnvironmentSpec, HaganeError, type InlineModel, isSafeTreePath, parseReference } from '@hagane/contract'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { environmentOfTree } from './model-environment.ts'
import type { ModelSource, ServedModel } from './types.ts'

/** The model that a deployment names or brings along, by its content. Throws not_found or invalid. */
export async function deployedModel(
  { blobs, models }: { blobs: BlobStore; models: ModelSource },
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

/** What a revision keeps of its model. */
export const modelFacts = ({ id, name, version, type, tree, path, runId }: ServedModel) => ({
  ...{ id, name, version, type, tree, path },
  ...(runId === undefined ? {} : { run_id: runId }),
})

/** An MLflow model brings its environment; a script that names none runs on plain Python. */
export async function deployedEnvironment(
  blobs: BlobStore,
  named: string | EnvironmentSpec | undefined,
  model: ServedModel | undefined,
): Promise<string | EnvironmentSpec | null> {
  if (named !== undefined) return named
  return model?.type === 'mlflow_model' ? environmentOfTree(blobs, model.tree, model.path) : null
}

/** The uploaded code of a deployment, which holds its scoring script. Throws `invalid` where it does not. */
export async function deployedCode(
  blobs: BlobStore,
  { code, scoring_script }: { code: string; scoring_script: string },
): Promise<{ tree: string; path: string; scoring_script: string }> {
  const reference = parseReference(code)
  if (reference.form !== 'tree')
    throw new HaganeError('invalid', `code_configuration.code: '${code}' is not content that the server holds`, {
      hint: 'upload it first (the CLI does), and send hagane://trees/<digest>',
    })
  const paths = subtree(await blobs.getTree(reference.digest), reference.path).map(entry => entry.path)
  if (isSafeTreePath(scoring_script) && paths.includes(scoring_script))
    return { tree: reference.digest, path: reference.path, scoring_script }
  const property = 'code_configuration.scoring_script'
  const allowed = paths.filter(path => path.endsWith('.py')).slice(0, 20)
  throw new HaganeError('invalid', `${property}: '${scoring_script}' is not in the code`, {
    hint: 'the path is relative to code_configuration.code',
    details: [{ property, message: 'no such file in the code', sent: scoring_script, allowed }],
  })
}
