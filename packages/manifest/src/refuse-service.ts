import {
  automlJobSpec,
  distillationJobSpec,
  finetuningJobSpec,
  HaganeError,
  importJobSpec,
  sparkComponentSpec,
  sparkJobSpec,
} from '@hagane/contract'
import type { z } from 'zod'
import type { Loading } from './loading.ts'
import { diagnosticText } from './problems.ts'
import { type Cursor, own, propertyName } from './tree.ts'
import { validate } from './validate.ts'

interface Refusal {
  readonly spec: z.ZodType
  /** Where a component is described otherwise than a job. */
  readonly component?: z.ZodType
  readonly reason: string
  readonly hint: string
}

const importing: Refusal = {
  spec: importJobSpec,
  reason: 'data is not imported or moved from databases and storage accounts: connections are not known here',
  hint: 'write the transfer as a command step (pandas, duckdb, azcopy) with the credentials in environment_variables, and give its output a name: to register it',
}

const finetuning: Refusal = {
  spec: finetuningJobSpec,
  reason: "fine-tuning is a service of Azure ML's own models and machines",
  hint: 'write it as a command job that runs your training script (transformers, peft) on the same training_data',
}

/** Jobs and steps that are a service of Azure, why they do not run here, and the nearest way. */
const services: Readonly<Record<string, Refusal>> = {
  automl: {
    spec: automlJobSpec,
    reason: "AutoML chooses and trains models in a service of Azure ML's own",
    hint: 'write a sweep job over your training script: the algorithm and its parameters in search_space, the same primary_metric as objective',
  },
  finetuning,
  finetuning_job: finetuning,
  distillation: {
    spec: distillationJobSpec,
    reason: 'distillation calls models that only Azure ML serves',
    hint: 'write a pipeline of two command steps: one that asks the teacher for labels, one that trains the student on them',
  },
  spark: {
    spec: sparkJobSpec,
    component: sparkComponentSpec,
    reason: 'there is no Spark cluster behind the computes of this server',
    hint: "write it as a command job on one machine: command: spark-submit --master 'local[*]' <entry.file> <args>, with pyspark in its environment and a Java runtime on the machine",
  },
  import: importing,
  data_transfer: importing,
}

/** Mistakes are told first, under the names they have in the whole manifest; what is right is refused as `unsupported`. */
export function refuseService(loading: Loading, cursor: Cursor, as: 'job' | 'component'): void {
  const type = own(cursor.map, 'type')
  const service = typeof type === 'string' && Object.hasOwn(services, type) ? services[type] : undefined
  if (service === undefined) return
  const before = loading.problems.errors.length
  // a step that names its component holds little else; the component is what runs
  const spec = as === 'component' ? (service.component ?? service.spec) : service.spec
  if (own(cursor.map, 'component') === undefined) validate(loading, spec, cursor.map)
  for (const error of loading.problems.errors.slice(before))
    if (error.property !== undefined) error.property = propertyName([...cursor.pointer, error.property])
  loading.problems.throwIfAny()
  const detail = {
    property: propertyName([...cursor.pointer, 'type']),
    message: `'${String(type)}' does not run here: ${service.reason}`,
    sent: type,
    hint: service.hint,
    ...loading.origins.place(cursor.map, 'type'),
  }
  throw new HaganeError('unsupported', diagnosticText(detail), { hint: service.hint, details: [detail] })
}
