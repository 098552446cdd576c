import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Hagane } from './hagane.ts'
import type { Manifest } from './inventory.ts'

type Told = { readonly result: string; readonly said: string }

/** How the example's own script invokes a deployment, and which output it downloads. */
interface Script {
  /** Folder below `cli/` in which the script runs. */
  readonly cwd: string
  readonly before?: readonly (readonly string[])[]
  /** The job whose pipeline the deployment runs, submitted first. */
  readonly job?: string
  readonly input: readonly string[]
  readonly output?: string
}

const models = 'endpoints/batch/deploy-models'
const pipelines = 'endpoints/batch/deploy-pipelines'
// what the scripts read from Azure's public storage are the files that the checkout holds
const heart: Pick<Script, 'input' | 'output'> = {
  input: ['--input', 'azureml:heart-dataset-unlabeled@latest'],
  output: 'score',
}
const heartEnvironment = ['environment', 'create', '-f', 'environment/xgboost-sklearn-py38.yml']

const scripts: Readonly<Record<string, Script>> = {
  [`${models}/heart-classifier-mlflow/deployment-simple/deployment.yml`]: {
    cwd: `${models}/heart-classifier-mlflow`,
    ...heart,
  },
  [`${models}/heart-classifier-mlflow/deployment-custom/deployment.yml`]: {
    cwd: `${models}/heart-classifier-mlflow`,
    ...heart,
  },
  [`${models}/custom-outputs-parquet/deployment.yml`]: { cwd: `${models}/custom-outputs-parquet`, ...heart },
  [`${pipelines}/hello-batch/deployment.yml`]: { cwd: `${pipelines}/hello-batch`, input: [] },
  [`${pipelines}/hello-batch/deployment-from-job.yml`]: {
    cwd: `${pipelines}/hello-batch`,
    job: 'pipeline-job.yml',
    input: [],
  },
  [`${pipelines}/batch-scoring-with-preprocessing/deployment.yml`]: {
    cwd: `${pipelines}/batch-scoring-with-preprocessing`,
    before: [heartEnvironment],
    input: ['--f', 'inputs.yml'],
    output: 'scores',
  },
  [`${pipelines}/training-with-components/deployment-ordinal/deployment.yml`]: {
    cwd: `${pipelines}/training-with-components`,
    before: [heartEnvironment],
    input: ['--f', 'inputs.yml'],
    output: 'evaluation_results',
  },
  [`${pipelines}/training-with-components/deployment-onehot/deployment.yml`]: {
    cwd: `${pipelines}/training-with-components`,
    before: [heartEnvironment],
    input: ['--f', 'inputs.yml'],
    output: 'evaluation_results',
  },
}

const JOB_SECONDS = 1_800

/** A step that did not go well: what the command line said. */
class Unwell extends Error {
  readonly told: Told

  constructor(result: string, said: string) {
    super(said)
    this.told = { result, said }
  }
}

/** Creates an endpoint as the file says, under a name of its own, shows it and deletes it. */
export async function runBatchEndpoint(hagane: Hagane, manifest: Manifest): Promise<Told> {
  const name = `conformance-${randomUUID().slice(0, 8)}`
  return told(async () => {
    const az = commands(hagane, dirname(manifest.file))
    await az('batch-endpoint', 'create', '--name', name, '-f', basename(manifest.file))
    await az('batch-endpoint', 'show', '--name', name)
    await az('batch-endpoint', 'delete', '--name', name, '--yes')
    return 'Registered'
  })
}

/** Creates endpoint and deployment, invokes it, follows the job and downloads its output, as the example's script does. */
export async function runBatchDeployment(hagane: Hagane, cli: string, manifest: Manifest): Promise<Told> {
  const script = scripts[manifest.path]
  if (script === undefined) return { result: 'Refused', said: 'no script of the examples invokes it' }
  const name = `conformance-${randomUUID().slice(0, 8)}`
  const folder = join(cli, script.cwd)
  const az = commands(hagane, folder)
  const outcome = await told(async () => {
    for (const command of script.before ?? []) await az(...command)
    await az('batch-endpoint', 'create', '--name', name, '-f', 'endpoint.yml')
    const job = script.job === undefined ? [] : ['--set', `job_definition=azureml:${await submitted(az, script.job)}`]
    await az('batch-deployment', 'create', '--endpoint', name, ...job, '--file', manifest.file, '--set-default')
    const invoked = await az(
      'batch-endpoint',
      'invoke',
      '--name',
      name,
      ...script.input,
      '--query',
      'name',
      '-o',
      'tsv',
    )
    await ended(hagane, folder, invoked.trim())
    if (script.output !== undefined) await downloaded(hagane, az, invoked.trim(), script.output)
    const jobs = await az('batch-endpoint', 'list-jobs', '--name', name, '--query', '[].name', '-o', 'tsv')
    if (jobs.trim() !== invoked.trim()) throw new Unwell('Failed', `list-jobs answered ${jobs}`)
    return 'Completed'
  })
  await hagane.cli(['az', 'ml', 'batch-endpoint', 'delete', '--name', name, '--yes'], folder)
  return outcome
}

type Az = (...args: string[]) => Promise<string>

/** Runs `az ml` and answers what it printed; throws Unwell when it fails. */
const commands =
  (hagane: Hagane, cwd: string): Az =>
  async (...args) => {
    const { code, stdout, stderr } = await hagane.cli(['az', 'ml', ...args], cwd, JOB_SECONDS)
    if (code === 0) return stdout
    throw new Unwell(code === null ? 'Timeout' : 'Refused', stderr)
  }

async function told(work: () => Promise<string>): Promise<Told> {
  try {
    return { result: await work(), said: '' }
  } catch (error) {
    if (error instanceof Unwell) return error.told
    throw error
  }
}

const submitted = async (az: Az, file: string): Promise<string> =>
  (await az('job', 'create', '-f', file, '--query', 'name', '-o', 'tsv')).trim()

async function ended(hagane: Hagane, cwd: string, job: string): Promise<void> {
  const { stdout, stderr } = await hagane.cli(['az', 'ml', 'job', 'stream', '-n', job], cwd, JOB_SECONDS)
  const shown = await commands(hagane, cwd)('job', 'show', '-n', job, '--query', 'status', '-o', 'tsv')
  if (shown.trim() !== 'Completed') throw new Unwell(shown.trim(), `${stdout}\n${stderr}`)
}

/** The output must hold something. */
async function downloaded(hagane: Hagane, az: Az, job: string, output: string): Promise<void> {
  const target = join(hagane.dataDir, 'conformance', 'downloads', job)
  await mkdir(target, { recursive: true })
  await az('job', 'download', '--name', job, '--output-name', output, '--download-path', target)
  if ((await readdir(join(target, 'named-outputs', output))).length === 0)
    throw new Unwell('Failed', `the output ${output} is empty`)
}
