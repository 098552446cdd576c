import { batchRoutes, invocationSettings } from '@hagane/contract'
import { count, list, requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import { loadResource, pathFromFlag } from '../manifest/load-resource.ts'
import { jobColumns } from './job-flags.ts'

const settings = Object.keys(invocationSettings.shape)

/** `--set output_file_name=x` is a setting of this invocation; `outputs.score.name=x` is part of it as it stands. */
const assignment = (text: string): string =>
  settings.includes(text.split(/[.=]/)[0] ?? '') ? `settings.${text}` : text

export const invoke = verb({
  name: 'invoke',
  summary: 'Start a job that scores the input, and print the job',
  description:
    'Local files are uploaded first. `job stream` follows the job, `job download --output-name score` gets its result.',
  examples: [
    'hagane batch-endpoint invoke -n scoring --input ./data --query name -o tsv',
    'hagane batch-endpoint invoke -n scoring --input azureml:unlabeled@latest --set output_file_name=june.csv',
    'hagane batch-endpoint invoke -n training --file inputs.yml -d onehot',
  ],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the endpoint'),
    deploymentName: text('-d, --deployment-name <name>', 'the deployment to run (default: that of the endpoint)'),
    file: text('-f, --file <path>', 'YAML with inputs and outputs'),
    inputs: text('--inputs <path>', 'the same as --file'),
    input: text('--input <path>', 'local path, address, azureml:<data>@latest or azureml:// path'),
    inputType: text('--input-type <type>', 'what the input is', { choices: ['uri_file', 'uri_folder', 'mltable'] }),
    outputPath: text('--output-path <path>', 'azureml://datastores/… where the result is written as well'),
    experimentName: text('--experiment-name <name>', 'experiment of the job (default: the endpoint)'),
    jobName: text('--job-name <name>', 'name of the job (default: one is made up)'),
    miniBatchSize: count('-m, --mini-batch-size <n>', 'files for one call of run()'),
    instanceCount: count('-c, --instance-count <n>', 'instances, each with its worker processes'),
    set: list('--set <assignments...>', 'change this invocation: output_file_name=x, outputs.score.name=scores'),
  },
  run: async (call, options) => {
    const file = options.file ?? options.inputs
    if (file !== undefined && options.input !== undefined)
      throw new UsageError('batch-endpoint invoke takes --input or --file, not both')
    const set = options.set.map(assignment)
    if (options.miniBatchSize !== undefined) set.push(`settings.mini_batch_size=${options.miniBatchSize}`)
    if (options.instanceCount !== undefined) set.push(`settings.instance_count=${options.instanceCount}`)
    if (options.outputPath !== undefined) set.push(`outputs.score.path=${options.outputPath}`)
    const overrides = {
      deployment_name: options.deploymentName,
      experiment_name: options.experimentName,
      job_name: options.jobName,
      inputs: options.input === undefined ? undefined : { input: inputOf(call, options.input, options.inputType) },
    }
    const body = await loadResource(call, 'batch-invocation', { file, set, overrides })
    const job = await call.client.call(batchRoutes.invoke, { params: { name: options.name }, body })
    await call.print(job, jobColumns)
  },
})

const inputOf = (call: Parameters<typeof pathFromFlag>[0], path: string, type: string | undefined) => ({
  ...(type === undefined ? {} : { type }),
  path: pathFromFlag(call, path),
})
