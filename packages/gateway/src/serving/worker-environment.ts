import { availableParallelism } from 'node:os'
import { delimiter, dirname } from 'node:path'
import type { GatewayDeployment } from '@hagane/contract'

/** What a worker inherits from the gateway; everything else, above all tokens, stays behind. */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|(LD|DYLD)_LIBRARY_PATH|CUDA_\w+|NVIDIA_\w+)$|^(HTTPS?|NO)_PROXY$|^SSL_CERT_(FILE|DIR)$|^REQUESTS_CA_BUNDLE$/i

const threadVariables = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS']

/**
 * The environment of a worker: the machine's plain settings, Azure ML's serving variables, then the deployment's own.
 * Numeric libraries get the cores but one divided by the workers and do not spin while they wait: more threads than
 * cores make a prediction of 8 ms take 300 (gradient boosting on 2 cores).
 */
export function workerEnvironment(
  deployment: GatewayDeployment,
  endpoint: string,
  base: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && inherited.test(name)) environment[name] = value
  }
  const { runtime } = deployment
  if (runtime.kind !== 'onnx') useInterpreter(runtime.python, environment)
  environment.OMP_WAIT_POLICY = 'PASSIVE'
  const threads = String(Math.max(1, Math.floor((availableParallelism() - 1) / deployment.workers)))
  for (const name of threadVariables) environment[name] = threads
  return { ...environment, ...azureVariables(deployment, endpoint), ...deployment.environment_variables }
}

function useInterpreter(python: string, environment: Record<string, string>): void {
  const binaries = dirname(python)
  environment.PATH = environment.PATH === undefined ? binaries : `${binaries}${delimiter}${environment.PATH}`
  environment.VIRTUAL_ENV = dirname(binaries)
  environment.PYTHONUNBUFFERED = '1'
}

function azureVariables(deployment: GatewayDeployment, endpoint: string): Record<string, string> {
  const { runtime } = deployment
  const common = {
    HAGANE_ENDPOINT: endpoint,
    HAGANE_DEPLOYMENT: deployment.name,
    HAGANE_REVISION: deployment.revision_id,
    SERVICE_NAME: endpoint,
  }
  if (runtime.kind === 'python-mlflow' || runtime.kind === 'python-pickle' || runtime.kind === 'onnx')
    return { ...common, AZUREML_MODEL_DIR: runtime.model_dir }
  return {
    ...common,
    ...(runtime.code_dir === undefined ? {} : { AML_APP_ROOT: runtime.code_dir }),
    ...(runtime.scoring_script === undefined ? {} : { AZUREML_ENTRY_SCRIPT: runtime.scoring_script }),
    ...(runtime.model_dir === undefined ? {} : { AZUREML_MODEL_DIR: runtime.model_dir }),
  }
}
