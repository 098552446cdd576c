import { type JobResource, type JobStatus, jobRoutes, jobStatuses } from '@hagane/contract'
import { count, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, type Noun, type Verb, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { streamJob } from '../stream/stream-job.ts'
import { changeFlags, listFlags } from './asset-flags.ts'
import { create, validate } from './job-create.ts'
import { download } from './job-download.ts'
import { diffText, exportJob } from './job-export.ts'
import { jobColumns, jobName, showInBrowser, showJob } from './job-flags.ts'
import { reproduce } from './job-reproduce.ts'
import { why } from './job-why.ts'
import { collect } from './pages.ts'

const defaultMost = 50

const list = verb({
  name: 'list',
  summary: 'List jobs, newest first',
  examples: [
    'hagane job list -o table',
    `hagane job list --status Failed --query "[].name" -o tsv`,
    'hagane job list --parent-job-name brave_iron_12',
  ],
  flags: {
    ...listFlags,
    maxResults: count('-r, --max-results <n>', `how many at most (default: ${defaultMost})`),
    allResults: toggle('--all-results [bool]', 'without limit'),
    parentJobName: text('-p, --parent-job-name <name>', 'the steps of this pipeline, or the trials of this sweep'),
    status: text('--status <status>', 'only jobs in this status', { choices: jobStatuses }),
    experimentName: text('--experiment-name <name>', 'only jobs of this experiment'),
    commit: text('--commit <sha>', 'only jobs that ran this commit'),
    schedule: text('--schedule <name>', 'only jobs that this schedule submitted'),
  },
  run: async (call, options) => {
    const filter = {
      parent_job_name: options.parentJobName,
      status: options.status as JobStatus | undefined,
      experiment_name: options.experimentName,
      commit: options.commit,
      schedule: options.schedule,
      include_archived: options.includeArchived || options.archivedOnly ? 'true' : 'false',
    }
    const most = options.allResults ? Number.MAX_SAFE_INTEGER : (options.maxResults ?? defaultMost)
    const jobs = await collect<JobResource>(
      most,
      page => call.client.call(jobRoutes.list, { query: { ...filter, ...page } }),
      job => !options.archivedOnly || job.archived,
    )
    await call.print(jobs, jobColumns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a job',
  examples: ['hagane job show -n brave_iron_12', 'hagane job show -n brave_iron_12 --query status -o tsv'],
  flags: {
    name: jobName,
    web: toggle('-e, --web', "open the job's page in a browser"),
    diff: toggle('--diff', 'print how the code differed from its commit'),
    export: text('--export <folder>', 'write a folder from which another server computes the job again'),
    noData: toggle('--no-data', 'with --export: the digests of input data, not the data'),
  },
  run: async (call, options) => {
    if (options.noData && options.export === undefined)
      throw new UsageError('--no-data goes with --export', 'hagane job show -n <job> --export <folder> --no-data')
    if (options.export !== undefined) return exportJob(call, options.name, options.export, !options.noData)
    const job = await showJob(call, options.name)
    if (options.diff) return printDiff(call, job)
    if (options.web) showInBrowser(call, job)
    await call.print(job, jobColumns)
  },
})

/** What the working folder had besides its commit, as recorded at submit. */
async function printDiff(call: Invocation, { name, git }: JobResource): Promise<void> {
  if (git?.diff !== undefined) call.surroundings.stdout.write(await diffText(call, git.diff.digest))
  else
    call.note(
      git === undefined
        ? `${name} was not submitted from a git repository`
        : `${name} ran commit ${git.commit} as it is`,
    )
  if (git?.diff?.cut === true) call.warn('the diff was longer than what is kept')
  for (const path of git?.diff?.withheld ?? []) call.warn(`left out, since it seemed to hold a secret: ${path}`)
}

const stream = verb({
  name: 'stream',
  summary: 'Print the log of a job until it is over; of a pipeline, the logs of its steps',
  description: 'The exit code is 1 when the job failed or was canceled. Ctrl-C stops the printing, not the job.',
  examples: ['hagane job stream -n brave_iron_12'],
  flags: { name: jobName },
  run: async (call, options) => streamJob(call, await showJob(call, options.name), call.surroundings.stdout),
})

const cancel = verb({
  name: 'cancel',
  summary: 'Stop a job; its processes are ended',
  examples: ['hagane job cancel -n brave_iron_12'],
  flags: { name: jobName, noWait: toggle('--no-wait', 'accepted', { ignored: true }) },
  run: async (call, options) => {
    await call.print(await call.client.call(jobRoutes.cancel, { params: { name: options.name } }), jobColumns)
  },
})

const update = verb({
  name: 'update',
  summary: 'Change display name, description or tags of a job',
  examples: ['hagane job update -n brave_iron_12 --set tags.reviewed=yes display_name="best so far"'],
  flags: { name: jobName, ...changeFlags, web: toggle('-e, --web', "open the job's page in a browser") },
  run: async (call, options) => {
    const params = { name: options.name }
    const current = await showJob(call, options.name)
    const changes = { ...options, set: options.set.filter(assignment => !assignment.startsWith('experiment_name=')) }
    // scripts for Azure set it beside other properties
    if (changes.set.length < options.set.length)
      call.warn(`the experiment of a job is fixed at submit; ${options.name} stays in ${current.experiment_name}`)
    const body = changedFields(current, changes, ['display_name', 'description', 'tags'])
    const job = await call.client.call(jobRoutes.update, { params, body })
    if (options.web) showInBrowser(call, job)
    await call.print(job, jobColumns)
  },
})

const shelf = (name: 'archive' | 'restore', summary: string): Verb =>
  verb({
    name,
    summary,
    examples: [`hagane job ${name} -n brave_iron_12`],
    flags: { name: jobName },
    run: async (call, options) => {
      const body = { archived: name === 'archive' }
      await call.client.call(jobRoutes.update, { params: { name: options.name }, body })
    },
  })

const showServices = verb({
  name: 'show-services',
  summary: 'Show the services of a job, such as its page in the studio',
  examples: ['hagane job show-services -n brave_iron_12'],
  flags: { name: jobName, nodeIndex: count('-i, --node-index <n>', 'accepted', { ignored: true }) },
  run: async (call, options) => {
    await call.print((await showJob(call, options.name)).services)
  },
})

export const noun: Noun = {
  name: 'job',
  summary: 'Submit, watch and manage jobs',
  verbs: [
    create,
    list,
    show,
    why,
    reproduce,
    stream,
    cancel,
    download,
    update,
    shelf('archive', 'Hide a job from lists; it stays readable'),
    shelf('restore', 'Take an archived job back into lists'),
    validate,
    showServices,
  ],
}
