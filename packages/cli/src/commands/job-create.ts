import { stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type JobResource, type JobSpec, jobRoutes } from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { submittedState } from '../git/submitted-state.ts'
import { list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import type { Invocation } from '../invocation.ts'
import { verb } from '../invocation.ts'
import { pairsOf } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { warnPlaced } from '../manifest/places.ts'
import { streamJob } from '../stream/stream-job.ts'
import { jobColumns, showInBrowser, showJob } from './job-flags.ts'

const file = requiredText(
  '-f, --file <path>',
  'YAML specification of a job; or an MLproject, or the folder that holds one',
)
const projectFlags = {
  entryPoint: text('--entry-point <name>', 'of an MLproject: the entry point to run (default: main)'),
  param: list('-P, --param <pairs...>', 'of an MLproject: name=value of a parameter'),
}
const set = list('--set <assignments...>', 'change the specification: property.path=value')
const skipValidation = toggle('--skip-validation', 'accepted; every job is checked', { ignored: true })

export const create = verb({
  name: 'create',
  summary: 'Submit a job',
  description:
    'Code and local data are uploaded first, only what the server lacks. The commit of the code is recorded.',
  examples: [
    'hagane job create -f job.yml --stream',
    'hagane job create -f pipeline.yml --set inputs.epochs=5 --query name -o tsv',
    'hagane job create -f pipeline.yml --dry-run -o yaml',
    'hagane job create -f MLproject --entry-point train -P alpha=0.1 --stream',
  ],
  flags: {
    file,
    name: text('-n, --name <name>', 'name of the job (default: one is made up)'),
    set,
    ...projectFlags,
    stream: toggle('-s, --stream', 'print the log until the job is over; fails when the job fails'),
    web: toggle('-e, --web', "open the job's page in a browser"),
    saveAs: text('-a, --save-as <path>', 'write the created job to this YAML file'),
    dryRun: toggle('--dry-run', 'print what the job would do, every reference resolved, and submit nothing'),
    skipValidation,
  },
  run: async (call, options) => {
    const { file, spec } = await readJob(call, options)
    if (options.dryRun) {
      const { job, warnings } = await call.client.call(jobRoutes.plan, { body: { job: spec } })
      warnPlaced(call, warnings)
      await call.print(job)
      return exitCodes.ok
    }
    const git = await submittedState(call, dirname(resolve(call.surroundings.cwd, file)))
    const experiment = basename(call.surroundings.cwd)
    const job = await call.client.call(jobRoutes.create, {
      body: {
        job: spec,
        ...(git === undefined ? {} : { git }),
        ...(experiment === '' ? {} : { default_experiment_name: experiment }),
      },
    })
    warnPlaced(call, job.properties['hagane.warnings']?.split('\n') ?? [])
    if (options.saveAs !== undefined) await saveJob(call, job, options.saveAs)
    if (options.web) showInBrowser(call, job)
    if (options.stream) return streamThenPrint(call, job)
    await call.print(job, jobColumns)
    return exitCodes.ok
  },
})

/** The MLproject of a folder; any other path is the manifest itself. */
async function manifestPath(call: Invocation, path: string): Promise<string> {
  const found = await stat(resolve(call.surroundings.cwd, path)).catch(() => undefined)
  return found?.isDirectory() ? join(path, 'MLproject') : path
}

interface JobOptions {
  file: string
  set: string[]
  name?: string
  entryPoint?: string
  param: string[]
}

async function readJob(call: Invocation, options: JobOptions): Promise<{ file: string; spec: JobSpec }> {
  const file = await manifestPath(call, options.file)
  return {
    file,
    spec: await loadResource(call, 'job', { file, set: options.set, overrides: overridesOf(file, options) }),
  }
}

/** What the flags say over the manifest. A project has a name of its own, and entry points. */
function overridesOf(file: string, options: JobOptions) {
  const { name, entryPoint, param } = options
  if (basename(file) === 'MLproject')
    return { job_name: name, entry_point: entryPoint, parameters: pairsOf(param, '--param') }
  if (entryPoint !== undefined || param.length > 0)
    throw new UsageError('--entry-point and --param are for an MLproject', 'use --set inputs.<name>=<value> here')
  return { name }
}

/**
 * Streams to stdout and stops there, unless a result was asked for as well: by `-o`, by `--query`, or by calling
 * `hagane az ml`, which prints the job after the log. With `-o` or `--query` the log goes to stderr, so that
 * `name=$(hagane job create … --stream --query name -o tsv)` holds the name and nothing else.
 */
async function streamThenPrint(call: Invocation, job: JobResource): Promise<number> {
  const { stdout, stderr } = call.surroundings
  const code = await streamJob(call, job, call.resultIsWanted ? stderr : stdout)
  if (call.resultIsWanted || call.likeAz) await call.print(await showJob(call, job.name), jobColumns)
  return code
}

async function saveJob(call: Invocation, job: JobResource, path: string): Promise<void> {
  const { toYaml } = await import('../output/yaml.ts')
  await writeFile(resolve(call.surroundings.cwd, path), toYaml(job))
}

export const validate = verb({
  name: 'validate',
  summary: 'Check a job without running it',
  examples: ['hagane job validate -f pipeline.yml', 'hagane job validate -f MLproject -P alpha=0.1'],
  flags: { file, set, ...projectFlags },
  run: async (call, options) => {
    const { spec } = await readJob(call, options)
    const { warnings } = await call.client.call(jobRoutes.validate, { body: { job: spec } })
    warnPlaced(call, warnings)
    await call.print({ result: 'Succeeded', errors: [] })
  },
})
