import {
  type ComponentSpec,
  type ConditionNode,
  didYouMean,
  type JobSpec,
  type PipelineJobSpec,
  type PipelineNode,
  type ScheduleSpec,
  type SweepJobSpec,
  type SweepNode,
  stepsOfBlock,
} from '@hagane/contract'
import { checkCommand, keysOf } from './command-check.ts'
import { checkEdges, type PipelineBody } from './edges.ts'
import type { Loading } from './loading.ts'
import { checkParallel } from './parallel-check.ts'
import { type Cursor, mapAt } from './tree.ts'

function checkNode(loading: Loading, node: Cursor, spec: Exclude<PipelineNode, ConditionNode>): void {
  if (spec.type === 'sweep') {
    checkSweep(loading, node, spec)
    return
  }
  if (spec.type === 'parallel') {
    if (spec.task !== undefined) checkParallel(loading, node, spec)
  } else if (spec.command !== undefined) checkCommand(loading, node, spec)
  const component = mapAt(node, 'component')
  if (typeof spec.component === 'object' && component !== undefined) checkComponent(loading, component, spec.component)
}

/** The blocks of a condition name steps. */
function checkBlocks(loading: Loading, node: Cursor, spec: ConditionNode, steps: readonly string[]): void {
  for (const block of ['true_block', 'false_block'] as const)
    for (const step of stepsOfBlock(spec[block]).filter(name => !steps.includes(name)))
      loading.wrong(node, block, `'${step}' names no step of this pipeline${didYouMean(step, steps)}`, {
        sent: spec[block],
        allowed: steps,
        hint: 'write ${{parent.jobs.<step>}}',
      })
}

function checkPipeline(loading: Loading, cursor: Cursor, pipeline: PipelineBody): void {
  checkEdges(loading, cursor, pipeline)
  const jobs = mapAt(cursor, 'jobs')
  if (jobs === undefined) return
  for (const [name, spec] of Object.entries(pipeline.jobs)) {
    const node = mapAt(jobs, name)
    if (node === undefined) continue
    if (spec.type === 'if_else') checkBlocks(loading, node, spec, Object.keys(pipeline.jobs))
    else checkNode(loading, node, spec)
  }
}

/** A component: what its commands name exists, and no steps wait for each other. */
export function checkComponent(loading: Loading, cursor: Cursor, component: ComponentSpec): void {
  if (component.type === 'pipeline') checkPipeline(loading, cursor, component)
  else if (component.type === 'parallel') checkParallel(loading, cursor, component)
  else checkCommand(loading, cursor, component)
}

function checkSweep(loading: Loading, cursor: Cursor, job: SweepJobSpec | SweepNode): void {
  const trial = mapAt(cursor, 'trial')
  if (trial === undefined || typeof job.trial === 'string') return
  const own = 'inputs' in job.trial ? { inputs: job.trial.inputs, outputs: job.trial.outputs } : undefined
  checkCommand(loading, trial, {
    command: job.trial.command,
    inputs: { ...own?.inputs, ...job.inputs, ...job.search_space },
    outputs: { ...own?.outputs, ...job.outputs },
    searchSpace: job.search_space,
  })
  if (keysOf(job.search_space).length > 0) return
  loading.wrong(cursor, 'search_space', 'the search space is empty', { hint: 'add at least one parameter' })
}

function checkPipelineJob(loading: Loading, cursor: Cursor, job: PipelineJobSpec): void {
  const { inputs, outputs, jobs } = job
  if (jobs !== undefined) checkPipeline(loading, cursor, { inputs, outputs, jobs })
  const component = mapAt(cursor, 'component')
  if (typeof job.component === 'object' && component !== undefined) checkComponent(loading, component, job.component)
}

/** A job: what its commands and bindings name exists, and no steps wait for each other. */
export function checkJob(loading: Loading, cursor: Cursor, job: JobSpec): void {
  if (job.type === 'command') checkCommand(loading, cursor, job)
  else if (job.type === 'sweep') checkSweep(loading, cursor, job)
  else checkPipelineJob(loading, cursor, job)
}

/** A schedule: the job it creates, when that is written out. */
export function checkSchedule(loading: Loading, cursor: Cursor, { create_job: action }: ScheduleSpec): void {
  const createJob = mapAt(cursor, 'create_job')
  const job = createJob === undefined ? undefined : mapAt(createJob, 'job')
  if (job !== undefined && typeof action === 'object' && 'job' in action && typeof action.job === 'object')
    checkJob(loading, job, action.job)
}
