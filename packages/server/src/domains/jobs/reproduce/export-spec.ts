import { HaganeError } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import type { CommandPlan, InputValue, OutputPlan, PipelinePlan } from '../model/plan.ts'
import type { Collection } from './export-files.ts'
import { type Recorded, recordedValue } from './recorded.ts'

type Spec = Record<string, unknown>

/** The YAML of a job from its record: every reference is a path of the folder, every environment its lock. */
export async function writeJob(db: Database, files: Collection, record: Recorded): Promise<Spec> {
  const { row } = record
  const head = {
    ...(row.display_name === row.name ? {} : { display_name: row.display_name }),
    experiment_name: row.experiment_name,
    ...(row.description === null ? {} : { description: row.description }),
    ...nonEmpty('tags', JSON.parse(row.tags) as Spec),
  }
  const alone = record.row.parent !== null
  return { ...head, ...(await writeNode({ db, files, alone }, record, 'job')) }
}

interface Context {
  db: Database
  files: Collection
  /** A step that is taken out of its pipeline: bindings become the values that they had. */
  alone: boolean
}

async function writeNode(context: Context, record: Recorded, as: 'job' | 'node'): Promise<Spec> {
  const { plan, row } = record
  const { type } = JSON.parse(row.spec) as { type?: string }
  if (type === 'parallel' || (plan.kind === 'pipeline' && plan.conditional === true))
    throw unsupported(row.name, type === 'parallel' ? 'parallel step' : 'pipeline with conditions')
  if (plan.kind === 'command') return writeCommand(context, record, plan)
  if (plan.kind === 'pipeline')
    return as === 'job' ? writePipeline(context, record, plan) : writeNested(context, record, plan)
  throw unsupported(row.name, row.type)
}

const unsupported = (name: string, what: string): HaganeError =>
  new HaganeError('unsupported', `job ${name} is a ${what}, which cannot be written as a folder yet`, {
    hint: 'export one of its steps or trials; on this server `hagane job reproduce` computes the whole again',
  })

async function writeCommand(context: Context, record: Recorded, plan: CommandPlan): Promise<Spec> {
  const { files } = context
  const lock = record.parts?.environment
  if (lock === undefined)
    throw new HaganeError('conflict', `job ${record.row.name} never began: it has no record to export`, {
      hint: 'export a job that ran',
    })
  const { distribution } = plan
  return {
    type: 'command',
    command: withSearch(plan),
    ...(plan.code === undefined ? {} : { code: (await files.content('code', plan.code)).path }),
    environment: await files.environment(lock),
    ...nonEmpty('environment_variables', plan.variables),
    ...nonEmpty('inputs', await writeInputs(context, record, plan.inputs)),
    ...nonEmpty('outputs', writeOutputs(plan.outputs)),
    ...(distribution === undefined
      ? {}
      : {
          resources: { instance_count: distribution.instances },
          distribution: { type: distribution.type, process_count_per_instance: distribution.processesPerInstance },
        }),
    ...(plan.timeout === undefined ? {} : { limits: { timeout: Math.ceil(plan.timeout) } }),
    ...retryOf(plan),
    ...(plan.deterministic ? {} : { is_deterministic: false }),
  }
}

function retryOf({ retry }: CommandPlan): Spec {
  if (retry === undefined) return {}
  const { max, on, backoff } = retry
  return { retry_settings: { max_retries: max, on, ...(backoff === undefined ? {} : { backoff_seconds: backoff }) } }
}

/** A trial is written with its point of the search space in place. */
const withSearch = ({ command, search }: CommandPlan): string =>
  Object.entries(search ?? {}).reduce(
    (text, [name, value]) =>
      text.replaceAll(new RegExp(`\\$\\{\\{\\s*search_space\\.${name}\\s*\\}\\}`, 'g'), () => value),
    command,
  )

async function writePipeline(context: Context, record: Recorded, plan: PipelinePlan): Promise<Spec> {
  const jobs: Spec = {}
  for (const child of record.children) jobs[child.row.step ?? child.row.name] = await writeNode(context, child, 'node')
  return {
    type: 'pipeline',
    ...nonEmpty('inputs', await writeInputs(context, record, plan.inputs)),
    ...nonEmpty('outputs', writeOutputs(plan.outputs)),
    ...(plan.continueOnStepFailure ? { settings: { continue_on_step_failure: true } } : {}),
    jobs,
  }
}

/** A pipeline inside a pipeline is a component written in place, which declares what it takes. */
async function writeNested(context: Context, record: Recorded, plan: PipelinePlan): Promise<Spec> {
  const { inputs: _inputs, outputs: _outputs, ...body } = await writePipeline(context, record, plan)
  const declared = (JSON.parse(record.row.spec) as { inputs?: Spec }).inputs ?? {}
  const bound = await writeInputs(context, record, plan.inputs)
  return {
    type: 'pipeline',
    component: { ...body, ...nonEmpty('inputs', declared), ...nonEmpty('outputs', typesOf(plan.outputs)) },
    ...nonEmpty('inputs', bound),
    ...nonEmpty('outputs', writeOutputs(plan.outputs)),
  }
}

const typesOf = (outputs: Record<string, OutputPlan>): Spec =>
  Object.fromEntries(Object.entries(outputs).map(([name, { type }]) => [name, { type: type || 'uri_folder' }]))

async function writeInputs(context: Context, record: Recorded, inputs: Record<string, InputValue>): Promise<Spec> {
  const written: Spec = {}
  for (const [name, input] of Object.entries(inputs)) {
    const value = isLate(input) || context.alone ? await recorded(context, record, name, input) : input
    const spec = await writeInput(context, value)
    if (spec !== undefined) written[name] = spec
  }
  return written
}

const isLate = (input: InputValue): boolean => input.kind === 'late'

async function recorded(context: Context, record: Recorded, name: string, input: InputValue): Promise<InputValue> {
  const found = await recordedValue(context.db, record, name, input)
  if (found !== undefined) return found
  // a pipeline's own input is known by the first step that read it
  for (const child of record.children)
    for (const [key, used] of Object.entries(child.plan.inputs))
      if (used.kind === 'parent-input' && used.name === name) return recorded(context, child, key, input)
  return input
}

async function writeInput({ files }: Context, input: InputValue): Promise<unknown> {
  switch (input.kind) {
    case 'none':
      return undefined
    case 'literal':
    case 'template':
      return input.text
    case 'address':
      return { path: input.uri, mode: 'direct' }
    case 'late':
      return { path: input.uri, mode: input.mode }
    case 'parent-input':
      return bound(`\${{parent.inputs.${input.name}}}`, input.mode)
    case 'node-input':
      return bound(`\${{parent.jobs.${input.node}.inputs.${input.name}}}`, input.mode)
    case 'node-output':
      return bound(`\${{parent.jobs.${input.node}.outputs.${input.output}}}`, input.mode)
    case 'content': {
      const { path, isFile } = await files.content('data', input, input.asset ?? input.uri)
      return { type: input.type ?? (isFile ? 'uri_file' : 'uri_folder'), path, mode: input.mode }
    }
  }
}

const bound = (path: string, mode: string | undefined): unknown => (mode === undefined ? path : { path, mode })

function writeOutputs(outputs: Record<string, OutputPlan>): Spec {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, mode, publish }]) => [
      name,
      publish === undefined
        ? { type: type || 'uri_folder', mode }
        : { type, mode, path: `\${{parent.outputs.${publish}}}` },
    ]),
  )
}

const nonEmpty = (key: string, value: Readonly<Spec>): Spec => (Object.keys(value).length === 0 ? {} : { [key]: value })
