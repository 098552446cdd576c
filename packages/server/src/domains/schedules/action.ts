import { HaganeError, type JobSpec, jobSpec, parseOrThrow, type ScheduledJob } from '@hagane/contract'

/** What the expressions of `create_job` stand for in one job. */
export interface Moment {
  /** Name of the job. */
  name: string
  time: Date
}

type Properties = Record<string, unknown>

const isMap = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Properties that are merged key by key; all others are replaced whole. */
const merged: readonly string[] = [
  ...['inputs', 'outputs', 'settings', 'tags', 'properties', 'environment_variables', 'limits', 'resources'],
]

/** The job that a schedule or a rule creates: the one it names, with what is said over it. Throws invalid, named after `property`. */
export function overridden(job: JobSpec, { type, job: _, ...over }: ScheduledJob, property = 'create_job'): JobSpec {
  if (type !== undefined && type !== job.type)
    throw new HaganeError('invalid', `${property}.type: the job is of type ${job.type}, not ${type}`, {
      details: [{ property: `${property}.type`, message: 'differs from the job', sent: type, allowed: job.type }],
      hint: 'leave type out',
    })
  refuseUnknownInputs(job, over.inputs, property)
  const result: Properties = { ...job }
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const before = result[key]
    const change = key === 'inputs' && isMap(before) && isMap(value) ? pathsOf(before, value) : value
    result[key] = merged.includes(key) && isMap(before) && isMap(change) ? { ...before, ...change } : change
  }
  // each job is named after its time, as in Azure ML, also on screens unless the schedule itself says otherwise
  delete result.name
  if (over.display_name === undefined) delete result.display_name
  return parseOrThrow(jobSpec, result, property)
}

/** A text that is said over an input with a path is its path: as a literal the job would get the reference, not the data. */
const pathsOf = (before: Properties, over: Properties): Properties =>
  Object.fromEntries(
    Object.entries(over).map(([name, value]) => {
      const input = before[name]
      const isData = typeof value === 'string' && isMap(input) && 'path' in input
      return [name, isData ? { ...input, path: value } : value]
    }),
  )

/** Inputs that a job has; undefined where only a registered component knows them. */
function inputsOf(job: JobSpec): string[] | undefined {
  const own = Object.keys(job.inputs ?? {})
  if (job.type === 'command') return own
  const component = job.type === 'sweep' ? job.trial : job.component
  if (typeof component === 'string') return undefined
  const declared = component !== undefined && 'inputs' in component ? component.inputs : undefined
  return [...own, ...Object.keys(declared ?? {})]
}

/** An override of an input that the job has not would change nothing, so it is a slip. */
function refuseUnknownInputs(job: JobSpec, given: object | null | undefined, owner: string): void {
  const known = inputsOf(job)
  const unknown = Object.keys(given ?? {}).filter(name => known !== undefined && !known.includes(name))
  if (unknown.length === 0) return
  const details = unknown.map(name => ({
    property: `${owner}.inputs.${name}`,
    message: `the job has no input '${name}'`,
    allowed: known,
  }))
  throw new HaganeError('invalid', `${details[0]?.property}: ${details[0]?.message}`, {
    details,
    hint: known?.length ? `its inputs: ${known.join(', ')}` : 'it has no inputs',
  })
}

/** Where expressions of a schedule may stand. Below the steps of a pipeline the same words mean the step. */
const rendered = [
  'display_name',
  'description',
  'experiment_name',
  'inputs',
  'tags',
  'properties',
  'environment_variables',
]

/** Azure ML's form of a time in names, 20260710T170000Z. */
export const stamp = (time: Date): string => time.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '')

/** 2026-07-10T17:00:00Z */
const triggerTime = (time: Date): string => time.toISOString().replace(/\.\d+/, '')

/**
 * Fills `${{name}}` and `${{creation_context.trigger_time}}` in the job's own texts: names, inputs, tags and variables. Other
 * expressions stay for the job itself.
 */
export function atMoment(job: JobSpec, moment: Moment): JobSpec {
  const fill = (text: string): string =>
    text.replace(/\$\{\{\s*(name|creation_context\.trigger_time)\s*\}\}/g, (_, word: string) =>
      word === 'name' ? moment.name : triggerTime(moment.time),
    )
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return fill(value)
    if (Array.isArray(value)) return value.map(deep)
    return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item)])) : value
  }
  const parts = rendered.flatMap(key => {
    const value = (job as Properties)[key]
    return value === undefined ? [] : [[key, deep(value)]]
  })
  return { ...job, ...Object.fromEntries(parts), name: moment.name } as JobSpec
}
