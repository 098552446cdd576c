import { condaSpec, type EnvironmentSpec, HaganeError, parseOrThrow } from '@hagane/contract'
import { parse } from 'yaml'
import type { ReadFile } from './dockerfile.ts'
import { requirementLines } from './requirement.ts'

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
  const python = pythonIn(await read('python_env.yaml'))
  const pip = requirementLines(requirements, 'requirements.txt')
  return { conda_file: { dependencies: [...(python === undefined ? [] : [`python=${python}`]), { pip }] } }
}

/** Its `python`, as text: read as a number, 3.10 would be 3.1. */
function pythonIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const python = (parsed(text, 'python_env.yaml', 'failsafe') as { python?: unknown } | null)?.python
  if (python === undefined || python === '') return undefined
  if (typeof python === 'string') return python
  throw new HaganeError('invalid', "python_env.yaml of the model: 'python' is no version", {
    hint: 'write python: 3.12.4',
    details: [{ property: 'python', message: 'no version', sent: python, allowed: '3.12.4' }],
  })
}

function parsed(text: string, name: string, schema: 'core' | 'failsafe' = 'core'): unknown {
  try {
    return parse(text, { schema })
  } catch (error) {
    throw new HaganeError('invalid', `${name} of the model is not YAML: ${(error as Error).message.split('\n')[0]}`)
  }
}
