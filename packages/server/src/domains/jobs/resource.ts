import { type GitState, type JobResource, treeUri } from '@hagane/contract'
import { optional } from '../../kernel/optional.ts'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { InputValue, Plan, StoredOutput } from './model/plan.ts'
import type { JobRow } from './model/tables.ts'
import { triesOf } from './model/tries.ts'
import type { ListedJob } from './records/reads.ts'
import type { Waiting } from './waiting.ts'

/** A job as the API shows it, in the words of `az ml job show`. */
export function toResource(row: ListedJob, url: string, waiting?: Waiting): JobResource {
  const plan = JSON.parse(row.plan) as Plan
  const outputs = JSON.parse(row.outputs) as Record<string, StoredOutput>
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    type: row.type,
    status: row.status,
    display_name: row.display_name,
    experiment_name: row.experiment_name,
    ...optional('description', row.description),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    ...optional('parent_job_name', row.parent),
    ...optional('step', row.step),
    ...optional('compute', row.compute),
    inputs: Object.fromEntries(Object.entries(plan.inputs).map(([name, value]) => [name, inputOf(value)])),
    outputs: Object.fromEntries(
      Object.entries(plan.outputs).map(([name, output]) => [
        name,
        { type: output.type, mode: output.mode, ...addressOf(row, name, outputs[name]) },
      ]),
    ),
    services: {
      Tracking: { type: 'Tracking', endpoint: url },
      Studio: { type: 'Studio', endpoint: `${url}/jobs/${row.name}` },
    },
    ...(row.spec === undefined ? {} : { spec: JSON.parse(row.spec) }),
    ...optional('git', row.git === null ? null : (JSON.parse(row.git) as GitState)),
    ...(row.reuse_key === null ? {} : { reuse: { key: row.reuse_key, ...optional('from', row.reused_from) } }),
    ...optional('error', row.error === null ? null : JSON.parse(row.error)),
    ...(waiting === undefined ? {} : { queue: waiting }),
    ...optional('usage', row.usage === null ? null : (JSON.parse(row.usage) as JobResource['usage'])),
    ...optional('retries', row.tries === null ? null : triesOf(row)),
    attempts: row.attempts,
    archived: row.archived === 1,
    etag: String(row.revision),
    creation_context: creationContextOf(row),
    ...optional('start_time', row.start_time),
    ...optional('end_time', row.end_time),
  }
}

/** The value of an input in the words of Azure ML. */
export function inputOf(value: InputValue): unknown {
  switch (value.kind) {
    case 'literal':
    case 'template':
      return value.text
    case 'none':
      return null
    case 'address':
      return { path: value.uri, mode: 'direct' }
    case 'late':
      return { path: value.uri, mode: value.mode }
    case 'parent-input':
      return `\${{parent.inputs.${value.name}}}`
    case 'node-output':
      return `\${{parent.jobs.${value.node}.outputs.${value.output}}}`
    case 'node-input':
      return `\${{parent.jobs.${value.node}.inputs.${value.name}}}`
    case 'content':
      return {
        path: value.asset ?? value.uri,
        mode: value.mode,
        ...(value.type === undefined ? {} : { type: value.type }),
      }
  }
}

function addressOf(row: Pick<JobRow, 'name'>, name: string, made: StoredOutput | undefined): Record<string, unknown> {
  if (made === undefined) return {}
  return {
    path: made.uri ?? `azureml://jobs/${row.name}/outputs/${name}`,
    digest: made.tree,
    ...(made.asset === undefined ? {} : { asset: made.asset }),
  }
}

/** Where each output's content is, for downloads. */
export function outputsResource(
  row: JobRow,
): Record<string, { type: string; uri: string; digest: string; path: string; asset?: string }> {
  const outputs = JSON.parse(row.outputs) as Record<string, StoredOutput>
  return Object.fromEntries(
    Object.entries(outputs).map(([name, made]) => [
      name,
      {
        type: made.type,
        uri: treeUri(made.tree, made.path),
        digest: made.tree,
        path: made.path,
        ...(made.asset === undefined ? {} : { asset: made.asset }),
      },
    ]),
  )
}
