import {
  type GitState,
  HaganeError,
  type JobResource,
  type JobSpec,
  jobSpec,
  parseOrThrow,
  type RuleAction,
} from '@hagane/contract'
import { eventsAfter, toRecord } from '../../../kernel/events/index.ts'
import { atMoment } from '../../schedules/index.ts'
import { type Keep, render, type Values } from '../expressions.ts'
import type { RuleNeeds } from '../needs.ts'
import type { Context, Outcome } from '../run-context.ts'
import type { RunRow } from '../tables.ts'
import type { Performer } from './performer.ts'

/** A name that is taken gets a number behind it, up to this. */
const MOST_NAMES = 5
/** Leaves room in 255 characters for a number, and for what a sweep puts behind it. */
const LONGEST_NAME = 230

/** Where expressions of a rule may stand in a job. */
const rendered = [
  ...['display_name', 'description', 'experiment_name', 'compute'],
  ...['inputs', 'tags', 'properties', 'environment_variables'],
]

/** The job of an action with everything taken from the event and earlier actions. Throws invalid. */
export function renderedJob(action: RuleAction, values: Values, property: string, keep?: Keep): JobSpec {
  const job = jobOf(action) as Record<string, unknown>
  const parts = rendered
    .filter(key => job[key] !== undefined)
    .map(key => [key, render(job[key], values, `${property}.${key}`, keep)])
  return parseOrThrow(jobSpec, { ...job, ...Object.fromEntries(parts) }, property)
}

/** The job of an action, complete: what was said over it is in it, and a component is a pipeline of one step. */
export function jobOf({ submit_job, run_component, id }: RuleAction): JobSpec {
  if (submit_job !== undefined) return submit_job.job as JobSpec
  const { component, inputs = {}, compute, experiment_name, tags } = run_component ?? { component: '' }
  const bound = Object.keys(inputs).map(name => [name, `\${{parent.inputs.${name}}}`])
  return {
    type: 'pipeline',
    ...{
      inputs,
      ...(experiment_name === undefined ? {} : { experiment_name }),
      ...(tags === undefined ? {} : { tags }),
    },
    ...(compute === undefined ? {} : { settings: { default_compute: compute } }),
    jobs: { [id]: { component, inputs: Object.fromEntries(bound) } },
  } as JobSpec
}

/** A job of its own: it and the note that it was submitted are one transaction. */
export const submitJob: Performer = {
  async begin(needs, context) {
    const { run, row, action, values, who } = context
    const job = renderedJob(action, values, `do.${row.position}.${row.kind}`)
    const tries = row.attempts === 0 ? '' : `-retry${row.attempts}`
    const first = `${`${run.rule}-${run.number}-${row.id}`.slice(0, LONGEST_NAME)}${tries}`
    for (let n = 1; ; n++) {
      const name = n === 1 ? first : `${first}-${n}`
      try {
        await needs.jobs.submit(who, submissionOf(context, job, name), tx => context.record(tx, begun(action, name)))
        return
      } catch (error) {
        if (!(error instanceof HaganeError) || error.kind !== 'conflict' || n === MOST_NAMES) throw error
      }
    }
  },
  async ended(needs, run, row) {
    const name = (JSON.parse(row.result ?? '{}') as { job?: string }).job ?? ''
    const [job] = await needs.jobs.named(run.workspace, [name])
    if (job === undefined) return { state: 'failed', error: `job ${name} is gone`, result: { job: name } }
    return outcomeOf(job, await resultOf(needs, run, job))
  },
}

const begun = ({ wait = true }: RuleAction, job: string): Outcome =>
  wait
    ? { state: 'waiting', waits_for: `job/${job}`, result: { job } }
    : { state: 'succeeded', result: { job, status: 'NotStarted' } }

function outcomeOf(job: JobResource, result: Record<string, unknown>): Outcome | undefined {
  if (job.status === 'Completed') return { state: 'succeeded', result }
  if (job.status !== 'Failed' && job.status !== 'Canceled') return undefined
  const why = job.error === undefined ? '' : `: ${String((job.error as { message?: unknown }).message ?? '')}`
  return { state: 'failed', error: `job ${job.name} is ${job.status}${why}`, result }
}

/** What later actions may take from a job: its outputs, its metrics and the models that it has registered. */
async function resultOf(needs: RuleNeeds, run: RunRow, job: JobResource): Promise<Record<string, unknown>> {
  const models = await modelsOf(needs, run, job.name)
  return {
    ...{ job: job.name, status: job.status, outputs: job.outputs },
    metrics: (await needs.runFacts(run.workspace, job.name)).metrics ?? {},
    models,
    ...(models.length === 0 ? {} : { model: models.at(-1) }),
  }
}

/** Models that were registered in this chain since the job was submitted, as name:version, in their order. */
async function modelsOf(needs: RuleNeeds, { workspace, correlation }: RunRow, job: string): Promise<string[]> {
  const inChain = { workspace, correlation }
  const filter = { ...inChain, type: 'dev.hagane.job.submitted', subject: `job/${job}` }
  const [submitted] = await eventsAfter(needs.db, 0, 1, filter)
  if (submitted === undefined) return []
  const made = { ...inChain, type: 'dev.hagane.model.version-created' }
  return (await eventsAfter(needs.db, submitted.seq, 100, made))
    .map(row => toRecord(row).data)
    .map(({ name, version }) => `${String(name)}:${String(version)}`)
}

function submissionOf({ run, values }: Context, job: JobSpec, name: string) {
  const time = new Date(String(values.event.time))
  const named = atMoment(job, { name, time })
  const properties = { ...named.properties, 'hagane.rule': run.rule, 'hagane.rule_run': String(run.number) }
  return {
    job: { ...named, display_name: named.display_name ?? name, properties },
    ...(run.git === null ? {} : { git: JSON.parse(run.git) as GitState }),
    ...(run.experiment === null ? {} : { default_experiment_name: run.experiment }),
  }
}
