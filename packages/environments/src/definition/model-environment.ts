import { condaSpec, type EnvironmentSpec, HaganeError, parseOrThrow } from '@hagane/contract'
import { parse } from 'yaml'
import type { ReadFile } from './dockerfile.ts'

/**
 * The environment that an MLflow model brings along: `conda.yaml`, else `requirements.txt` with the Python of
 * `python_env.yaml`. `read` gives files of the model's folder. Throws `invalid` when it has neither.
 */
export async function environmentOfModel(read: ReadFile): Promise<EnvironmentSpec> {
  const conda = await read('conda.yaml')
  if (conda !== undefined)
    return { conda_file: parseOrThrow(condaSpec, parsed(conda, 'conda.yaml'), 'conda.yaml of the model') }
  const requirements = await read('requirements.txt')
  if (requirements === undefined)
    throw new HaganeError('invalid', 'the MLflow model brings no conda.yaml and no requirements.txt', {
      hint: 'log the model again with MLflow, or name an environment',
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
