import { condaSpec, type EnvironmentSpec, HaganeError, parseOrThrow } from '@hagane/contract'
import { parse } from 'yaml'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'

/**
 * The environment that an MLflow model brings along: `conda.yaml`, else `requirements.txt` with the Python of
 * `python_env.yaml`. Throws `invalid` when it has neither.
 */
export async function environmentOfModel(blobs: BlobStore, tree: string, path: string): Promise<EnvironmentSpec> {
  const entries = subtree(await blobs.getTree(tree), path)
  const read = async (name: string): Promise<string | undefined> => {
    const entry = entries.find(one => one.path === name)
    return entry === undefined ? undefined : (await blobs.readAll(entry.digest)).toString('utf8')
  }
  const conda = await read('conda.yaml')
  if (conda !== undefined)
    return { conda_file: parseOrThrow(condaSpec, parsed(conda, 'conda.yaml'), 'conda.yaml of the model') }
  const requirements = await read('requirements.txt')
  if (requirements === undefined)
    throw new HaganeError('invalid', 'the MLflow model brings no conda.yaml and no requirements.txt', {
      hint: 'log the model again with MLflow, or name an environment in the deployment',
    })
  const pythonEnv = await read('python_env.yaml')
  const python =
    pythonEnv === undefined ? undefined : (parsed(pythonEnv, 'python_env.yaml') as { python?: unknown })?.python
  const pip = requirements
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
  return { conda_file: { dependencies: [...(python === undefined ? [] : [`python=${python}`]), { pip }] } }
}

function parsed(text: string, name: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new HaganeError('invalid', `${name} of the model is not YAML: ${(error as Error).message}`)
  }
}
