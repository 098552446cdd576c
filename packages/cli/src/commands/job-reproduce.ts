import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type EnvironmentSpec,
  HaganeError,
  type JobReproduction,
  jobReproductionRoutes,
  parseReference,
  type Verdict,
} from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { list, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { drawReproduction } from '../output/reproduction-text.ts'
import type { Column } from '../output/table.ts'
import { streamJob } from '../stream/stream-job.ts'
import { uploadTree } from '../upload/upload-tree.ts'
import { jobColumns, namedJob } from './job-flags.ts'

const pollMs = 300

const columns: readonly Column<JobReproduction['comparisons'][number]>[] = [
  ['Step', one => one.step],
  ['Kind', one => one.kind],
  ['Name', one => one.name],
  ['Verdict', one => one.verdict],
  ['Detail', one => one.detail ?? (one.verdict === 'bitwise' ? '' : `${one.before} then, ${one.after} now`)],
]

export const reproduce = verb({
  name: 'reproduce',
  summary: 'Run a job, or one step, again from its record, and say how its results compare',
  description:
    'Code, data, the lock of the environment, parameters and variables are those that were recorded; every step is computed. Each output and metric is bitwise equal, equal within tolerance, or different, and then what in the records differs is named. Nothing is registered and no datastore is written. Exit code 1 when results differ.',
  examples: [
    'hagane job reproduce brave_iron_12',
    'hagane job reproduce brave_iron_12 --rtol 1e-3',
    'hagane job reproduce brave_iron_12 --environment azureml:sklearn:2 --set inputs.rate=0.2',
    'hagane job reproduce brave_iron_12 --data numbers=./numbers.csv',
  ],
  argument: { spelling: '[job]', summary: 'name of a pipeline, a step, a sweep or a single job' },
  flags: {
    name: text('-n, --name <name>', 'the same as a flag'),
    set: list('--set <assignments...>', 'take another value: inputs.<name>=<value>'),
    data: list('--data <assignments...>', 'take other data: <input>=<asset, address or local path>'),
    environment: text('--environment <environment>', 'run in this one: azureml:<name>:<version>, or a YAML file'),
    fromSources: toggle('--from-sources', 'read data from where it came from again, not as it was recorded'),
    rtol: text('--rtol <number>', 'relative tolerance (default: 1e-5)'),
    atol: text('--atol <number>', 'absolute tolerance (default: 1e-8)'),
    newName: text('--new-name <name>', 'name of the new job (default: one is made up)'),
    stream: toggle('-s, --stream', 'print the log meanwhile'),
    noWait: toggle('--no-wait', 'do not wait for the end'),
  },
  run: async (call, options) => {
    const name = namedJob(call, options.name, 'reproduce')
    const body = {
      ...(options.newName === undefined ? {} : { name: options.newName }),
      inputs: { ...setInputs(options.set), ...(await dataInputs(call, options.data)) },
      ...(options.environment === undefined ? {} : { environment: await environmentOf(call, options.environment) }),
      from_sources: options.fromSources,
      tolerance: {
        ...(options.rtol === undefined ? {} : { rtol: numberOf('--rtol', options.rtol) }),
        ...(options.atol === undefined ? {} : { atol: numberOf('--atol', options.atol) }),
      },
    }
    const job = await call.client.call(jobReproductionRoutes.reproduce, { params: { name }, body })
    if (options.noWait) {
      await call.print(job, jobColumns)
      return exitCodes.ok
    }
    call.note(`reproducing ${name} as ${job.name}`)
    if (options.stream) await streamJob(call, job, call.surroundings.stderr)
    return printVerdict(call, await verdictOf(call, job.name))
  },
})

async function verdictOf(call: Invocation, name: string): Promise<JobReproduction> {
  for (;;) {
    const report = await call.client.call(jobReproductionRoutes.reproduction, { params: { name } })
    if (report.verdict !== undefined) return report
    await pause(pollMs)
  }
}

async function printVerdict(call: Invocation, report: JobReproduction): Promise<number> {
  const { stdout } = call.surroundings
  if (stdout.isTTY === true && !call.likeAz && !call.resultIsWanted) stdout.write(drawReproduction(report))
  else if (call.globals.output === 'table' && call.globals.query === undefined)
    await call.print(report.comparisons, columns)
  else await call.print(report)
  const good: readonly (Verdict | undefined)[] = ['bitwise', 'tolerance']
  return good.includes(report.verdict) ? exitCodes.ok : exitCodes.failure
}

function numberOf(flag: string, sent: string): number {
  const value = Number(sent)
  if (sent.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new UsageError(`${flag} takes a number of 0 or more, not '${sent}'`, 'e.g. 1e-5')
}

function setInputs(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map(assignment => {
      const [, name, value] = /^inputs\.([^=.]+)=(.*)$/s.exec(assignment) ?? []
      if (name !== undefined && value !== undefined) return [name, value]
      throw new UsageError(`--set takes inputs.<name>=<value>, not '${assignment}'`, 'the rest of a job is as recorded')
    }),
  )
}

async function dataInputs(call: Invocation, assignments: readonly string[]): Promise<Record<string, { path: string }>> {
  const inputs: Record<string, { path: string }> = {}
  for (const assignment of assignments) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(assignment) ?? []
    if (name === undefined || value === undefined)
      throw new UsageError(`--data takes <input>=<data>, not '${assignment}'`, 'e.g. --data numbers=azureml:numbers:2')
    inputs[name] = { path: await addressOf(call, value) }
  }
  return inputs
}

/** What lies on this machine is uploaded. */
async function addressOf(call: Invocation, value: string): Promise<string> {
  const path = resolve(call.surroundings.cwd, value)
  if (parseReference(value).form !== 'local') return value
  if (!existsSync(path)) throw new HaganeError('not_found', `--data: no file or folder at ${path}`)
  const target = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
  return uploadTree(target, { path, kind: 'data', keepsName: false })
}

/** A reference, or the YAML of an environment. */
async function environmentOf(call: Invocation, value: string): Promise<string | EnvironmentSpec> {
  if (!existsSync(resolve(call.surroundings.cwd, value))) return value
  return loadResource(call, 'environment', { file: value, set: [] })
}
