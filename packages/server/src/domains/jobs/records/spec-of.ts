import { HaganeError, type JobSpec, jobSpec, parseOrThrow } from '@hagane/contract'
import type { JobRow } from '../model/tables.ts'

/** The specification of a submitted job, so that it can be submitted again under another name. Throws invalid on a step. */
export function specOf(row: JobRow): JobSpec {
  if (row.parent !== null)
    throw new HaganeError('invalid', `job ${row.name} is a step of ${row.parent}`, {
      hint: `name the whole job: azureml:${row.root}`,
    })
  const { name: _, ...spec } = JSON.parse(row.spec) as Record<string, unknown>
  // the steps of a pipeline component are kept beside it
  if (spec.component !== undefined) delete spec.jobs
  return parseOrThrow(jobSpec, { ...spec, type: row.type }, `job ${row.name}`)
}
